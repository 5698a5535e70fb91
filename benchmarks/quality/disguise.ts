import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lexicon, loadLexicon, scanText } from '../../src/lexicon/index.js';
import { DISGUISES, type Disguise, disguisePairs, seededRandom } from '../support/disguise.js';

interface Case {
  readonly language: string;
  readonly before: string;
  readonly term: string;
  readonly behind: string;
  readonly termId: string;
}

interface Counts {
  tried: number;
  kept: number;
}

const CASES = join(__dirname, '../../test/golden/plain-cases');
const LEAST_SEVERITY = 2;
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u;
const MAX_MISSES = 400;

/**
 * Share of list hits that are still found, with their exact span, once the term was disguised: each disguise alone, and
 * every pair of them. Sentences are the plain cases of the tests, in every language that has some.
 */
export function measureDisguise(args: readonly string[]): unknown {
  const lexicon = loadLexicon({ lists: ['builtin'], baseDir: '.' });
  const cases = readCases(lexicon);
  const random = seededRandom(1);
  const single = new Map<string, Map<string, Counts>>();
  const misses: string[] = [];
  for (const [name, disguise] of Object.entries(DISGUISES)) {
    for (const one of cases)
      measure(one, { lexicon, name, disguise: (term) => disguise(term, random), into: single, misses });
  }
  const pairs = new Map<string, Map<string, Counts>>();
  for (const [first, second] of disguisePairs()) {
    const disguise = (term: string): string | undefined => {
      const once = DISGUISES[first]?.(term, random);
      return once === undefined || once === term ? undefined : DISGUISES[second]?.(once, random);
    };
    // Every seventh case: all pairs of all cases would take an hour and say the same.
    cases.forEach((one, index) => {
      if (index % 7 === 0) measure(one, { lexicon, name: `${first} + ${second}`, disguise, into: pairs, misses: [] });
    });
  }
  const worst = [...pairs]
    .map(([name, counts]) => ({ name, ...sum(counts) }))
    .sort((a, b) => a.kept / a.tried - b.kept / b.tried);
  return {
    terms: cases.length,
    single: [...single].map(([name, counts]) => ({
      name,
      ...sum(counts),
      byLanguage: Object.fromEntries([...counts].map(([lang, c]) => [lang, percent(c)])),
    })),
    pairs: {
      ...sum(new Map(pairs.size === 0 ? [] : [...pairs].map(([name, counts]) => [name, sum(counts)]))),
      worst: worst.slice(0, 25),
    },
    ...(args.includes('--misses') ? { misses: misses.slice(0, MAX_MISSES) } : {}),
  };
}

function readCases(lexicon: Lexicon): Case[] {
  return readdirSync(CASES).flatMap((file) => {
    const rows = JSON.parse(readFileSync(join(CASES, file), 'utf8')) as { text: string }[];
    return rows.flatMap(({ text }) =>
      scanText(lexicon, text)
        .filter(({ severity }) => severity >= LEAST_SEVERITY)
        .map(({ span, termId }) => ({
          language: file.replace('.json', ''),
          before: text.slice(0, span.start),
          term: text.slice(span.start, span.end),
          behind: text.slice(span.end),
          termId,
        })),
    );
  });
}

function measure(
  { language, before, term, behind, termId }: Case,
  {
    lexicon,
    name,
    disguise,
    into,
    misses,
  }: {
    lexicon: Lexicon;
    name: string;
    disguise: (term: string) => ReturnType<Disguise>;
    into: Map<string, Map<string, Counts>>;
    misses: string[];
  },
): void {
  // Whoever spells a word out spells it out to its end.
  const isPart = /^[\p{L}\p{M}]/u.test(behind) || /[\p{L}\p{M}]$/u.test(before);
  if (isPart && /spaced|punctuated/.test(name) && !UNSPACED.test(term)) return;
  const disguised = disguise(term);
  if (disguised === undefined || disguised === term) return;
  const byLanguage = into.get(name) ?? new Map<string, Counts>();
  into.set(name, byLanguage);
  const counts = byLanguage.get(language) ?? { tried: 0, kept: 0 };
  byLanguage.set(language, counts);
  counts.tried += 1;
  const end = before.length + disguised.length;
  const isKept = scanText(lexicon, before + disguised + behind).some(
    (hit) => hit.termId === termId && hit.span.start === before.length && hit.span.end === end,
  );
  if (isKept) counts.kept += 1;
  else misses.push(`${name} ${termId} ${disguised.replace(/\p{L}/gu, (c, at: number) => (at % 2 === 0 ? c : '·'))}`);
}

function sum(counts: ReadonlyMap<string, Counts>): Counts & { share: string } {
  const all = [...counts.values()].reduce((a, b) => ({ tried: a.tried + b.tried, kept: a.kept + b.kept }), {
    tried: 0,
    kept: 0,
  });
  return { ...all, share: percent(all) };
}

function percent({ tried, kept }: Counts): string {
  return tried === 0 ? '-' : `${((100 * kept) / tried).toFixed(1)} %`;
}
