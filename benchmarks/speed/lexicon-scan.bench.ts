import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtLexicon } from '../support/built.js';
import { CORPORA, corpusText } from '../support/corpus.js';
import { type ListPeer, listPeers } from '../support/list-peers.js';
import { expectEqual, megaChars, passOver, race } from '../support/measure.js';
import { countNaively, termList } from '../support/term-list.js';

const SIZES = [1000, 10_000, 50_000] as const;
const HIT_SHARES = [0, 0.02, 0.5] as const;
const LENGTHS = [50, 200, 1000, 10_000, 100_000, 1_000_000] as const;
const CHARS = 100_000;
/** Of the texts that peers are measured on: there are hits to count, and few. */
const FEW_HITS = 0.002;
const MIDDLE = 10_000;
const UNIT = 'Mchars/s';
const BUDGET_MS = 80;
/** A call of a slow peer may take so long; the text is cut until it does. */
const SLOW_CALL_MS = 150;

type Lexicon = ReturnType<ReturnType<typeof builtLexicon>['buildLexicon']>;
interface List {
  readonly terms: readonly string[];
  readonly lexicon: Lexicon;
}

/** Speed of the automaton with every fold on. */
export const benchmark: Benchmark = {
  about:
    'Lexicon scan, every fold on, offsets of the original: sizes of lists and texts, kinds of text, shares of hits, texts made to be slow; bound: one pass of charCodeAt.',
  run: measureLexiconScan,
};

async function measureLexiconScan(): Promise<Measurement[]> {
  const lists = new Map(SIZES.map((size) => [size, listOf(size)]));
  const listOfSize = (size: (typeof SIZES)[number]): List => lists.get(size) ?? listOf(size);
  return [
    ...(await besidePeers(listOfSize)),
    decay(listOfSize(1000), listOfSize(50_000)),
    ...SIZES.flatMap((size) => kindsOfText(size, listOfSize(size))),
    ...LENGTHS.flatMap((chars) => lengthOfText(chars, listOfSize(MIDDLE))),
    builtinLists(),
    ...slowTexts(listOfSize(MIDDLE)),
  ];
}

function listOf(size: number): List {
  const { buildLexicon, parseList } = builtLexicon();
  const terms = termList(size);
  const list = parseList({ text: terms.join('\n'), file: 'bench.txt', language: 'en', category: 'abusive' });
  return { terms, lexicon: buildLexicon([list]) };
}

function scan(lexicon: Lexicon, text: string): number {
  return builtLexicon().scanText(lexicon, text).length;
}

/** The chat mix with few hits; every peer that can hold the list, in turns with us on the same text. */
async function besidePeers(listOfSize: (size: (typeof SIZES)[number]) => List): Promise<Measurement[]> {
  const peers = await listPeers();
  const results: Measurement[] = [];
  for (const size of SIZES) {
    const { terms, lexicon } = listOfSize(size);
    const text = corpusText({ corpus: 'mixed', chars: CHARS, hitShare: FEW_HITS, terms });
    expectEqual(`hits, ${size} terms`, scan(lexicon, text), countNaively(text, terms));
    const ms = race({ bound: () => passOver(text), ours: () => void scan(lexicon, text) });
    const ratios: Record<string, number> = { charCodeAt: ms.bound / ms.ours };
    for (const peer of peers.filter(({ maxTerms }) => size <= maxTerms)) {
      ratios[peer.name] = besidePeer(peer, { terms, lexicon });
    }
    results.push({
      case: `chat mix, ${size} terms`,
      metric: 'throughput',
      value: megaChars(text, ms.ours),
      unit: UNIT,
      ratios,
    });
  }
  for (const { name, doesLess } of peers) console.error(`${name}: ${doesLess}`);
  return results;
}

/** How many times faster than a peer we are, on a text short enough for it. */
function besidePeer({ name, build, counts }: ListPeer, { terms, lexicon }: List): number {
  const find = build(terms);
  let chars = CHARS;
  // Peers that stop at the first hit get texts without one.
  const hitShare = counts === 'any' ? 0 : FEW_HITS;
  for (;;) {
    const text = corpusText({ corpus: 'mixed', chars, hitShare, terms });
    const start = performance.now();
    const found = find(text);
    if (performance.now() - start > SLOW_CALL_MS && chars > 200) {
      chars = Math.max(200, Math.floor(chars / 8));
      continue;
    }
    checkPeer(name, { text, found, counts, terms, find });
    const ms = race({ ours: () => void scan(lexicon, text), peer: () => void find(text) }, { budgetMs: BUDGET_MS });
    return ms.peer / ms.ours;
  }
}

function checkPeer(
  name: string,
  run: Pick<ListPeer, 'counts'> & {
    text: string;
    found: number;
    terms: readonly string[];
    find: (text: string) => number;
  },
): void {
  const { text, found, counts, terms, find } = run;
  if (counts === 'any') {
    expectEqual(`${name}, benign text`, found, 0);
    const latin = terms.find((term) => /^[a-z]/.test(term)) ?? '';
    expectEqual(`${name}, text with a term`, find(`some ${latin} words`), 1);
  } else {
    const present = counts === 'hits' ? countNaively(text, terms) : terms.filter((term) => text.includes(term)).length;
    expectEqual(`${name}, ${counts}`, found, present);
  }
}

function decay(small: List, large: List): Measurement {
  const text = corpusText({ corpus: 'mixed', chars: CHARS });
  const ms = race({ small: () => void scan(small.lexicon, text), large: () => void scan(large.lexicon, text) });
  return { case: 'decay, 1000 to 50000 terms', metric: 'slowdown', value: ms.large / ms.small, unit: 'x', ratios: {} };
}

function kindsOfText(size: number, { terms, lexicon }: List): Measurement[] {
  return CORPORA.flatMap((corpus) =>
    HIT_SHARES.map((hitShare) => {
      const text = corpusText({ corpus, chars: CHARS, hitShare, terms });
      const name = `${corpus}, ${size} terms, ${hitShare * 100} % hits`;
      expectEqual(name, scan(lexicon, text), countNaively(text, terms));
      return beside(name, text, lexicon);
    }),
  );
}

function lengthOfText(chars: number, { terms, lexicon }: List): Measurement[] {
  const text = corpusText({ corpus: 'mixed', chars });
  expectEqual(`text of ${chars}`, scan(lexicon, text), countNaively(text, terms));
  const measured = beside(`text of ${chars} characters`, text, lexicon);
  const time = { ...measured, metric: 'time', value: chars / measured.value, unit: 'µs', ratios: {} };
  return [measured, time];
}

/** The built-in lists hold other words than those of the texts; what they find is checked by the tests of the lists. */
function builtinLists(): Measurement {
  const lexicon = builtLexicon().loadLexicon({ lists: ['builtin'], baseDir: '.' });
  return beside('chat mix, built-in lists', corpusText({ corpus: 'mixed', chars: CHARS }), lexicon);
}

const MILLION = 1_000_000;
const SLOW_TEXTS: Readonly<Record<string, string>> = {
  'combining marks': `z${'\u0301'.repeat(MILLION)}`,
  'zero-width joiners': `zo${'\u200d'.repeat(MILLION)}`,
  'one letter repeated': 'z'.repeat(MILLION),
  'single letters': 'z o r g '.repeat(MILLION / 8),
  'near-matches': 'zorgblat '.repeat(MILLION / 9),
  'symbols with two readings': 'z.o-r!g@b$'.repeat(MILLION / 10),
};

/** Beside plain prose of the same length: how much slower an attacker can make a scan. */
function slowTexts({ lexicon }: List): Measurement[] {
  const prose = corpusText({ corpus: 'mixed', chars: MILLION });
  return Object.entries(SLOW_TEXTS).map(([name, slow]) => {
    expectEqual(name, scan(lexicon, slow), 0);
    const ms = race(
      { prose: () => void scan(lexicon, prose), slow: () => void scan(lexicon, slow) },
      { budgetMs: BUDGET_MS },
    );
    const perChar = (ms.prose * slow.length) / prose.length;
    const ratios = { 'plain prose': perChar / ms.slow };
    return {
      case: `made to be slow: ${name}`,
      metric: 'throughput',
      value: megaChars(slow, ms.slow),
      unit: UNIT,
      ratios,
    };
  });
}

function beside(name: string, text: string, lexicon: Lexicon): Measurement {
  const ms = race({ bound: () => passOver(text), ours: () => void scan(lexicon, text) }, { budgetMs: BUDGET_MS });
  return {
    case: name,
    metric: 'throughput',
    value: megaChars(text, ms.ours),
    unit: UNIT,
    ratios: { charCodeAt: ms.bound / ms.ours },
  };
}
