import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expandFile, expandSeeds } from '../../../models/classifier/train/expand-seeds.js';
import { foldForComparison, MAX_EXPANSIONS } from '../../../models/classifier/train/seed-grammar.js';
import { CATEGORIES, isCategory } from '../../../src/core/index.js';

const SEEDS = join(__dirname, '../../../models/classifier/seed');
const rows = expandSeeds(SEEDS);
const count = (test: (row: (typeof rows)[number]) => boolean): number => rows.filter(test).length;

describe('seed corpus', () => {
  it('is the same on every expansion', () => {
    expect(JSON.stringify(expandSeeds(SEEDS))).toBe(JSON.stringify(rows));
  });

  it('gives at most ten sentences per template', () => {
    const perTemplate = new Map<string, number>();
    for (const { template } of rows) perTemplate.set(template, (perTemplate.get(template) ?? 0) + 1);
    expect(Math.max(...perTemplate.values())).toBeLessThanOrEqual(MAX_EXPANSIONS);
  });

  it('holds no sentence twice and none that folds to nothing', () => {
    const folded = rows.map(({ text }) => foldForComparison(text));
    expect(new Set(folded).size).toBe(rows.length);
    expect(folded).not.toContain('');
  });

  it('has well-formed labels that agree with any', () => {
    const malformed = rows.filter(({ labels, any }) => {
      const values = Object.values(labels);
      const positive = values.includes(1);
      const complete = any === 1 || values.length === CATEGORIES.length;
      return !Object.keys(labels).every(isCategory) || positive !== (any === 1) || !complete;
    });
    expect(malformed).toEqual([]);
  });

  it('leaves no slot, alternative or filler mark in a sentence', () => {
    expect(
      rows.filter(({ text }) => /<(?!\/?(?:div|p|b|script)\b)\w+>|\| /u.test(text)).map(({ text }) => text),
    ).toEqual([]);
  });

  it('has about as many harmless rows as harmful ones, and every id on both sides', () => {
    const harmful = count(({ any }) => any === 1) / rows.length;
    expect(harmful).toBeGreaterThan(0.4);
    expect(harmful).toBeLessThan(0.6);
    for (const category of CATEGORIES) {
      expect([category, count(({ labels }) => labels[category] === 1) > 0]).toEqual([category, true]);
    }
  });
});

describe('expandFile', () => {
  const file = { name: 'en/quux.txt', lang: 'en' };

  it('fills slots and alternatives and reads the header', () => {
    const made = expandFile('$who: cat | dog\n[pets input ok]\nthe <who> {sleeps|runs}', file);
    expect(made.map(({ text }) => text).sort()).toEqual([
      'the cat runs',
      'the cat sleeps',
      'the dog runs',
      'the dog sleeps',
    ]);
    expect(made[0]).toMatchObject({ role: 'input', theme: 'pets', any: 0, labels: { crime: 0 } });
  });

  it('keeps escaped braces', () => {
    expect(expandFile('[code input ok]\nif (zorg) \\{ blat() \\}', file)[0]?.text).toBe('if (zorg) { blat() }');
  });

  it('puts a frame around the lines below it, until the next header', () => {
    const made = expandFile('[pets input ok]\n> how to _?\nfeed a cat\n[pets comment ok]\nnice cat', file);
    expect(made.map(({ text }) => text)).toEqual(['how to feed a cat?', 'nice cat']);
  });

  it('marks positives 1, open ids absent, the others 0', () => {
    const [row] = expandFile('[zorg comment violence crime-]\nzorgblat', file);
    expect(row?.labels).toMatchObject({ violence: 1, crime: 0, sexual: 0 });
    expect(row?.labels).not.toHaveProperty('harassment');
  });

  it('stops at the limit of the header, and at ten without one', () => {
    const options = `{${Array.from({ length: 30 }, (_, index) => `w${index}`).join('|')}}`;
    expect(expandFile(`[a input ok x4]\n${options}`, file)).toHaveLength(4);
    expect(expandFile(`[a input ok]\n${options}`, file)).toHaveLength(MAX_EXPANSIONS);
  });

  it.each([
    ['a template before a header', 'zorgblat', /en\/quux\.txt:1: template before the first/u],
    ['an unknown role', '[pets speech ok]\nzorgblat', /en\/quux\.txt:2: write \[theme role/u],
    ['an unknown id', '[pets input zorg]\nzorgblat', /zorg is none of the ten/u],
    ['ok beside a positive', '[pets input ok crime]\nzorgblat', /either ok or/u],
    ['a slot without fillers', '[pets input ok]\n<zorg>', /no fillers for <zorg>/u],
    ['a choice inside a choice', '[pets input ok]\n{a|<b>}', /a choice inside/u],
    ['a slot defined twice', '$a: b\n$a: c', /slot a is defined twice/u],
    ['a frame without its place', '[pets input ok]\n> how to', /needs a _/u],
  ])('refuses %s', (_name, content, message) => {
    expect(() => expandFile(content, file)).toThrow(message);
  });
});

describe('expandSeeds', () => {
  it('names file and line of a broken plain row', () => {
    const folder = mkdtempSync(join(tmpdir(), 'seeds-'));
    try {
      mkdirSync(join(folder, 'templates'));
      writeFileSync(join(folder, 'en-crime.jsonl'), '{}\nzorgblat\n');
      expect(() => expandSeeds(folder)).toThrow('en-crime.jsonl:2: not one JSON object a line');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a sentence that is harmful in one place and harmless in another', () => {
    const folder = mkdtempSync(join(tmpdir(), 'seeds-'));
    try {
      mkdirSync(join(folder, 'templates/en'), { recursive: true });
      writeFileSync(join(folder, 'templates/en/a.txt'), '[a input ok]\nZorg, blat!\n[a input crime]\nzorg blat');
      expect(() => expandSeeds(folder)).toThrow(/harmful in one template and harmless in another/u);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
