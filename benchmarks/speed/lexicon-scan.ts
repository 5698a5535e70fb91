import { builtLexicon } from '../support/built.js';
import { seededRandom } from '../support/disguise.js';
import { fastestMs, type Measurement, megaChars, passOver } from '../support/measure.js';

const PROSE =
  'The quick brown fox jumps over the lazy dog, and 今天天气很好我们去公园吧 then 明日は公園へ行こう some more plain prose. ';
const SIZES = [1000, 10_000, 50_000] as const;
const UNIT = 'Mchars/s';

/**
 * Lexicon scan with every fold on, original offsets: chat mix of English, Chinese and Japanese against lists of 1,000 to
 * 50,000 terms; the built-in lists on it; and texts made to be slow. The bound is a bare `charCodeAt` pass in the same run.
 */
export function measureLexiconScan(): Measurement[] {
  const { loadLexicon, scanText } = builtLexicon();
  const text = `${PROSE.repeat(8000)} ${plantedTerm} `;
  const bound = megaChars(
    text,
    fastestMs(() => passOver(text)),
  );
  const results: Measurement[] = [];
  const add = (name: string, value: number, ratios: Record<string, number>): void => {
    results.push({ case: name, metric: 'throughput', value, unit: UNIT, ratios });
  };
  for (const size of SIZES) {
    const lexicon = listOf(size);
    const value = megaChars(
      text,
      fastestMs(() => expectHits(scanText(lexicon, text).length, 1)),
    );
    add(`chat mix, ${size} terms`, value, { charCodeAt: value / bound });
  }
  const builtin = loadLexicon({ lists: ['builtin'], baseDir: '.' });
  const sample = text.slice(0, 200_000);
  const plain = megaChars(
    sample,
    fastestMs(() => void scanText(builtin, sample), 3),
  );
  add('chat mix, built-in lists', plain, { charCodeAt: plain / bound });
  const lexicon = listOf(10_000);
  const prose = PROSE.repeat(2000);
  const ofProse = megaChars(
    prose,
    fastestMs(() => void scanText(lexicon, prose), 3),
  );
  for (const [name, slow] of Object.entries(SLOW_TEXTS)) {
    const value = megaChars(
      slow,
      fastestMs(() => void scanText(lexicon, slow), 3),
    );
    add(`made to be slow: ${name}`, value, { 'plain prose': value / ofProse });
  }
  return results;
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

function expectHits(found: number, expected: number): void {
  if (found !== expected) throw new Error(`expected ${expected} hits, found ${found}`);
}

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
