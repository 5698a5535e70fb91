import { loadPeer } from './peers.js';

/** Another way to find the terms of a list in a text. */
export interface ListPeer {
  readonly name: string;
  /** What it does less than sluice, or nothing. */
  readonly doesLess: string;
  /** Longest list that it is given: it does not build, or does not end in a minute, beyond. */
  readonly maxTerms: number;
  /**
   * Builds it for a list. The function it returns counts, in one pass over a text, the hits; peers with `counts: 'terms'` the different
   * terms that are there, those with `counts: 'any'` 1 when there is one.
   */
  readonly build: (terms: readonly string[]) => (text: string) => number;
  readonly counts: 'hits' | 'terms' | 'any';
}

interface Obscenity {
  readonly RegExpMatcher: new (options: object) => { getAllMatches(text: string): unknown[] };
  readonly assignIncrementingIds: (patterns: unknown[]) => unknown[];
  readonly parseRawPattern: (pattern: string) => unknown;
  readonly englishRecommendedTransformers: object;
}
interface AhoCorasickModule {
  readonly AhoCorasick: new (keywords: readonly string[]) => { matchInText(text: string): unknown[] };
}
interface MintModule {
  readonly Mint: new (words: readonly string[]) => { filter(text: string): { words: string[] } };
}
interface Re2Module {
  readonly default: {
    readonly Set: new (patterns: readonly string[], flags: string) => { match(text: string): number[] };
  };
}
interface BadWords {
  readonly Filter: new (options: object) => { list: string[]; isProfane(text: string): boolean };
}
interface TwoToad {
  readonly Profanity: new (
    options?: object,
  ) => {
    addWords(words: readonly string[]): void;
    removeWords(words: readonly string[]): void;
    exists(text: string): boolean;
  };
}

const escaped = (term: string): string => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Every peer that is installed, and the regular expressions of the engine. */
export async function listPeers(): Promise<ListPeer[]> {
  const [fast, mint, obscenity, re2, badWords, twoToad] = await Promise.all([
    loadPeer<AhoCorasickModule>('@monyone/aho-corasick/fast'),
    loadPeer<MintModule>('mint-filter'),
    loadPeer<Obscenity>('obscenity'),
    loadPeer<Re2Module>('re2'),
    loadPeer<BadWords>('bad-words'),
    loadPeer<TwoToad>('@2toad/profanity'),
  ]);
  const peers: (ListPeer | undefined)[] = [
    fast && {
      name: '@monyone/aho-corasick/fast',
      doesLess: 'no folds, no word edges',
      maxTerms: Number.POSITIVE_INFINITY,
      counts: 'hits',
      build(terms) {
        const automaton = new fast.AhoCorasick(terms);
        return (text) => automaton.matchInText(text).length;
      },
    },
    mint && {
      name: 'mint-filter',
      doesLess: 'no folds but case, no word edges, no offsets',
      maxTerms: Number.POSITIVE_INFINITY,
      counts: 'terms',
      build(terms) {
        const filter = new mint.Mint(terms);
        return (text) => new Set(filter.filter(text).words.map((word) => word.toLowerCase())).size;
      },
    },
    obscenity && {
      name: 'obscenity',
      doesLess: 'folds of English alone',
      maxTerms: 10_000,
      counts: 'hits',
      build(terms) {
        const { RegExpMatcher, assignIncrementingIds, parseRawPattern, englishRecommendedTransformers } = obscenity;
        const blacklistedTerms = assignIncrementingIds(terms.map((term) => parseRawPattern(term)));
        const matcher = new RegExpMatcher({ blacklistedTerms, ...englishRecommendedTransformers });
        return (text) => matcher.getAllMatches(text).length;
      },
    },
    re2 && {
      name: 'RE2.Set',
      doesLess: 'no folds but case, no offsets',
      // 10,000 terms exceed the memory that it gives a set.
      maxTerms: 1000,
      counts: 'terms',
      build(terms) {
        const set = new re2.default.Set(terms.map(escaped), 'iu');
        return (text) => set.match(text).length;
      },
    },
    {
      name: 'RegExp',
      doesLess: 'no folds but case, no word edges',
      maxTerms: 10_000,
      counts: 'hits',
      build(terms) {
        const pattern = new RegExp(terms.map(escaped).join('|'), 'giu');
        return (text) => text.match(pattern)?.length ?? 0;
      },
    },
    badWords && {
      name: 'bad-words',
      doesLess: 'no folds but case, English words alone, no offsets',
      maxTerms: 1000,
      counts: 'any',
      build(terms) {
        const filter = new badWords.Filter({ emptyList: true });
        filter.list = [...terms];
        return (text) => Number(filter.isProfane(text));
      },
    },
    twoToad && {
      name: '@2toad/profanity',
      doesLess: 'no folds but case, no offsets, stops at the first',
      maxTerms: 10_000,
      counts: 'any',
      build(terms) {
        const profanity = new twoToad.Profanity();
        profanity.addWords(terms);
        return (text) => Number(profanity.exists(text));
      },
    },
  ];
  return peers.filter((peer) => peer !== undefined);
}
