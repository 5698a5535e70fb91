import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS, readContrastPairs } from '../../../benchmarks/quality/contrast/contrast-pairs.js';
import { expandSeeds } from '../../../models/classifier/train/expand-seeds.js';
import { foldForComparison, MAX_EXPANSIONS, parseTemplateFile } from '../../../models/classifier/train/seed-grammar.js';

const SEEDS = join(__dirname, '../../../models/classifier/seed');
const pairs = readContrastPairs();
const inLanguage = (lang: string) => pairs.filter((pair) => pair.lang === lang);

describe('contrast pairs', () => {
  it('are the same on every reading', () => {
    expect(JSON.stringify(readContrastPairs())).toBe(JSON.stringify(pairs));
  });

  it('are at least a thousand, in English and in Chinese', () => {
    expect(pairs.length).toBeGreaterThanOrEqual(1000);
    expect(inLanguage('en').length).toBeGreaterThanOrEqual(400);
    expect(inLanguage('zh').length).toBeGreaterThanOrEqual(400);
  });

  it('are at most ten per template, and no pair comes twice', () => {
    const perTemplate = new Map<string, number>();
    for (const { template } of pairs) perTemplate.set(template, (perTemplate.get(template) ?? 0) + 1);
    expect(Math.max(...perTemplate.values())).toBeLessThanOrEqual(MAX_EXPANSIONS);
    expect(new Set(pairs.map(({ harmful, harmless }) => `${harmful} => ${harmless}`)).size).toBe(pairs.length);
  });

  it('keep every template in one part, and the themes of test out of the other parts', () => {
    const partsOf = (keyOf: (pair: (typeof pairs)[number]) => string): Map<string, Set<string>> => {
      const parts = new Map<string, Set<string>>();
      for (const pair of pairs) parts.set(keyOf(pair), (parts.get(keyOf(pair)) ?? new Set()).add(pair.part));
      return parts;
    };
    expect([...partsOf(({ template }) => template).values()].every(({ size }) => size === 1)).toBe(true);
    const themes = [...partsOf(({ theme }) => theme).values()];
    expect(themes.every((parts) => !parts.has('test') || parts.size === 1)).toBe(true);
  });

  it.each(PARTS)('has pairs of both languages in %s', (part) => {
    expect(inLanguage('en').some((pair) => pair.part === part)).toBe(true);
    expect(inLanguage('zh').some((pair) => pair.part === part)).toBe(true);
  });

  it('never has a sentence on both sides, nor one of the seed sentences', () => {
    const seeds = new Set(expandSeeds(SEEDS).map(({ text }) => foldForComparison(text)));
    const harmful = new Set(pairs.map((pair) => foldForComparison(pair.harmful)));
    const harmless = pairs.map((pair) => foldForComparison(pair.harmless));
    expect(harmless.filter((text) => harmful.has(text))).toEqual([]);
    expect([...harmful, ...harmless].filter((text) => seeds.has(text))).toEqual([]);
  });

  it('shares no template with the seeds, slots left aside', () => {
    const skeletonsOf = (file: string): string[] =>
      parseTemplateFile(readFileSync(file, 'utf8'), file)
        .templates.flatMap(({ text }) => text.split(' => '))
        .map((text) => foldForComparison(text.replace(/\{[^{}]*\}|<\w+>/gu, '')))
        .filter((skeleton) => skeleton.length >= 6);
    const filesIn = (dir: string): string[] =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.txt'))
        .map((name) => join(dir, name));
    const seeds = new Set(filesIn(join(SEEDS, 'templates')).flatMap(skeletonsOf));
    const contrast = filesIn(join(__dirname, '../../../benchmarks/quality/contrast')).flatMap(skeletonsOf);
    expect(contrast.length).toBeGreaterThan(300);
    expect(contrast.filter((skeleton) => seeds.has(skeleton))).toEqual([]);
  });

  it('fills every slot and alternative', () => {
    const texts = pairs.flatMap(({ harmful, harmless }) => [harmful, harmless]);
    expect(texts.filter((text) => text === '' || /[<>{}|]/u.test(text))).toEqual([]);
  });
});
