import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtLexicon } from '../support/built.js';
import { seededRandom } from '../support/disguise.js';
import { expectEqual, megaChars, passOver, race } from '../support/measure.js';

const PROSE =
  'The quick brown fox jumps over the lazy dog, and 今天天气很好我们去公园吧 then 明日は公園へ行こう some more plain prose. ';
const SIZES = [1000, 10_000, 50_000] as const;
const UNIT = 'Mchars/s';

/** Speed of the automaton with every fold on. */
export const benchmark: Benchmark = {
  about: 'Lexicon scan with every fold on and original offsets; bound: one pass of charCodeAt.',
  run: measureLexiconScan,
};

function measureLexiconScan(): Measurement[] {
  const { loadLexicon, scanText } = builtLexicon();
  const text = `${PROSE.repeat(8000)} ${plantedTerm} `;
  const results: Measurement[] = [];
  for (const size of SIZES) {
    const lexicon = listOf(size);
    expectEqual(`hits, ${size} terms`, scanText(lexicon, text).length, 1);
    const ms = race({ charCodeAt: () => passOver(text), ours: () => void scanText(lexicon, text) }, { rounds: 7 });
    results.push(throughput(`chat mix, ${size} terms`, text, ms.ours, { charCodeAt: ms.charCodeAt }));
  }
  const builtin = loadLexicon({ lists: ['builtin'], baseDir: '.' });
  const sample = text.slice(0, 200_000);
  const ms = race({ charCodeAt: () => passOver(sample), ours: () => void scanText(builtin, sample) }, { rounds: 7 });
  results.push(throughput('chat mix, built-in lists', sample, ms.ours, { charCodeAt: ms.charCodeAt }));
  const lexicon = listOf(10_000);
  const prose = PROSE.repeat(2000);
  for (const [name, slow] of Object.entries(SLOW_TEXTS)) {
    const turns = race(
      { prose: () => void scanText(lexicon, prose), slow: () => void scanText(lexicon, slow) },
      { rounds: 3 },
    );
    const perChar = (turns.prose * slow.length) / prose.length;
    results.push(throughput(`made to be slow: ${name}`, slow, turns.slow, { 'plain prose': perChar }));
  }
  return results;
}

function throughput(name: string, text: string, ms: number, others: Readonly<Record<string, number>>): Measurement {
  const ratios = Object.fromEntries(Object.entries(others).map(([other, its]) => [other, its / ms]));
  return { case: name, metric: 'throughput', value: megaChars(text, ms), unit: UNIT, ratios };
}

const plantedTerm = 'zorgblatx';

const MILLION = 1_000_000;
const SLOW_TEXTS: Readonly<Record<string, string>> = {
  'combining marks': `z${'\u0301'.repeat(MILLION)}`,
  'zero-width joiners': `zo${'\u200d'.repeat(MILLION)}`,
  'one letter repeated': 'z'.repeat(MILLION),
  'single letters': 'z o r g '.repeat(MILLION / 8),
  'near-matches': 'zorgblat '.repeat(MILLION / 9),
  'symbols with two readings': 'z.o-r!g@b$'.repeat(MILLION / 10),
};

/** Made-up words and, three in ten, words of rare Chinese characters; with the one term that the text holds. */
function listOf(size: number): ReturnType<ReturnType<typeof builtLexicon>['buildLexicon']> {
  const { buildLexicon, parseList } = builtLexicon();
  const random = seededRandom(size);
  const pick = (letters: string): string => letters.charAt(Math.floor(random() * letters.length));
  const terms = new Set([plantedTerm]);
  while (terms.size < size) {
    const isChinese = random() < 0.3;
    const length = isChinese ? 2 + Math.floor(random() * 4) : 6 + Math.floor(random() * 8);
    let term = '';
    for (let i = 0; i < length; i += 1) {
      term += isChinese ? String.fromCharCode(0x9000 + Math.floor(random() * 3000)) : pick('etaoinshrdlcumwfgypbvkz');
    }
    terms.add(term);
  }
  return buildLexicon([
    parseList({ text: [...terms].join('\n'), file: 'bench.txt', language: 'en', category: 'abusive' }),
  ]);
}
