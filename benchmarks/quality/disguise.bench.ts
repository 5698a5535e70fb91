import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lexicon, loadLexicon, scanText } from '../../src/lexicon/index.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';
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
const WORST_PAIRS = 25;

/** Sentences are the plain cases of the tests, in every language that has some. `--misses` names on stderr what was not found. */
export const benchmark: Benchmark = {
  about:
    'Share of list hits that are still found, with their exact span, once the term was disguised: each disguise, and pairs.',
  run: measureDisguise,
};

function measureDisguise(args: readonly string[]): Measurement[] {
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
  if (args.includes('--misses')) console.error(misses.slice(0, MAX_MISSES).join('\n'));
  const worst = [...pairs].sort(([, a], [, b]) => shareOf(sum(a)) - shareOf(sum(b))).slice(0, WORST_PAIRS);
  return [
    ...[...single].flatMap(([name, counts]) => [
      measurementOf(name, sum(counts)),
      ...[...counts].filter(([, { tried }]) => tried > 0).map(([lang, of]) => measurementOf(`${name}, ${lang}`, of)),
    ]),
    measurementOf('all pairs', sum(new Map([...pairs].map(([name, counts]) => [name, sum(counts)])))),
    ...worst.map(([name, counts]) => measurementOf(`pair: ${name}`, sum(counts))),
  ];
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

function sum(counts: ReadonlyMap<string, Counts>): Counts {
  return [...counts.values()].reduce((a, b) => ({ tried: a.tried + b.tried, kept: a.kept + b.kept }), {
    tried: 0,
    kept: 0,
  });
}

function shareOf({ tried, kept }: Counts): number {
  return tried === 0 ? 1 : kept / tried;
}

function measurementOf(name: string, counts: Counts): Measurement {
  return { case: name, metric: `kept of ${counts.tried}`, value: shareOf(counts), unit: 'of 1', ratios: {} };
}
