import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtText } from '../support/built.js';
import { CORPORA, corpusText } from '../support/corpus.js';
import { DISGUISES, seededRandom } from '../support/disguise.js';
import { expectEqual, megaChars, passOver, race } from '../support/measure.js';

const CHARS = 100_000;
const DISGUISED = ['look-alikes', 'zero-width', 'mathematical letters', 'width'] as const;

type Fold = ReturnType<ReturnType<typeof builtText>['createFold']>;

/** The folding table by itself; in a scan it is part of the automaton's alphabet. */
export const benchmark: Benchmark = {
  about:
    'Folding, code point by code point (case, width, diacritics, look-alikes, traditional, kana, invisible characters); beside NFKC with toLowerCase, which folds less and makes a copy; bound: one pass of charCodeAt.',
  run: measureFolding,
};

function measureFolding(): Measurement[] {
  const { createFold } = builtText();
  const fold = createFold();
  const random = seededRandom(1);
  const english = corpusText({ corpus: 'en', chars: CHARS });
  const texts = [
    ...CORPORA.map((corpus): [string, string] => [corpus, corpusText({ corpus, chars: CHARS })]),
    ...DISGUISED.map((name): [string, string] => [`en, disguised: ${name}`, disguise(english, name, random)]),
  ];
  return texts.map(([name, text]) => {
    expectEqual(`${name}: what is read`, sumOfUnits(fold, text), naiveSum(text));
    const ms = race({
      charCodeAt: () => passOver(text),
      native: () => void text.normalize('NFKC').toLowerCase(),
      ours: () => void sumOfUnits(fold, text),
    });
    return {
      case: name,
      metric: 'throughput',
      value: megaChars(text, ms.ours),
      unit: 'Mchars/s',
      ratios: { charCodeAt: ms.charCodeAt / ms.ours, 'NFKC and toLowerCase': ms.native / ms.ours },
    };
  });
}

function sumOfUnits(fold: Fold, text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    if (code >= 0xd800 && code <= 0xdbff) {
      code = text.codePointAt(at) ?? code;
      if (code > 0xffff) at += 1;
    }
    sum += fold(code);
  }
  return sum;
}

/** By a folding made for each character anew, so that nothing remembered is trusted. */
function naiveSum(text: string): number {
  const { createFold } = builtText();
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  const fold = createFold();
  let sum = 0;
  for (const [char, count] of counts) sum += count * fold(char.codePointAt(0) ?? 0);
  return sum;
}

function disguise(text: string, name: (typeof DISGUISED)[number], random: () => number): string {
  return text.replace(/\S+/g, (word) => DISGUISES[name]?.(word, random) ?? word).slice(0, CHARS);
}
