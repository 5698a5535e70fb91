import { buildLexicon } from './build.js';
import type { Candidate, Outcome } from './docket.js';
import type { AllowPhrase, LexiconEntry, ParsedList, Phrase } from './entry.js';
import { LexiconScanner } from './lexicon-scanner.js';

/** A term that another entry finds wherever it stands. */
export interface Overlap {
  readonly entry: LexiconEntry;
  readonly term: Phrase;
  readonly other: LexiconEntry;
  readonly otherTerm: Phrase;
  /** Whether both terms match the very same texts; else the other one is shorter or has an open edge. */
  readonly isSame: boolean;
}

/** Which terms of lists lie in each other, and which allow-phrases hold no term. */
export interface Overlaps {
  readonly terms: readonly Overlap[];
  readonly idleAllow: readonly AllowPhrase[];
}

/** A letter that no list uses: as a neighbor it is an open edge's own word, and between two terms a word of neither. */
const FILLER = '\u10f0';

interface Region {
  readonly start: number;
  readonly end: number;
  readonly entry: LexiconEntry | undefined;
  readonly phrase: Phrase;
}

/**
 * Finds the overlaps of lists by reading their own phrases with them. An entry finds another's hits if it is of the same
 * category, at least as severe, and has no condition that the other has not.
 */
export function findOverlaps(lists: readonly ParsedList[]): Overlaps {
  const regions: Region[] = [];
  const own = new Map<string, LexiconEntry>();
  const idle = new Set(lists.flatMap(({ allow }) => allow));
  const terms: Overlap[] = [];
  const observe = (candidate: Candidate, outcome: Outcome): void => {
    const { start, end, pattern } = candidate;
    const region = regionAt(regions, start);
    const other = own.get(candidate.entry.id);
    if (region === undefined || other === undefined || end > region.end) return;
    const { entry, phrase } = region;
    if (entry === undefined) {
      if (end - start < region.end - region.start) idle.delete(phrase as AllowPhrase);
      return;
    }
    if (outcome.kind !== 'counts' || entry === other || entry.category !== other.category || !coversHits(other, entry))
      return;
    const otherTerm = pattern.phrase;
    const isWhole = start === region.start && end === region.end;
    const isSame = isWhole && otherTerm.openStart === phrase.openStart && otherTerm.openEnd === phrase.openEnd;
    if (other.exact && !(isSame && otherTerm.text === phrase.text)) return;
    // Of two that find the same, the later one is the repetition.
    if (isSame && coversHits(entry, other) && Number(candidate.entry.id) > orderOf(entry)) return;
    terms.push({ entry, term: phrase, other, otherTerm, isSame });
  };
  const order = new Map<LexiconEntry, number>();
  const orderOf = (entry: LexiconEntry): number => order.get(entry) ?? 0;
  const bare = lists
    .flatMap(({ entries }) => entries)
    .map((entry, index): LexiconEntry => {
      order.set(entry, index);
      own.set(String(index), entry);
      // Of the least severity, because those of a greater one cost a second automaton.
      return { ...entry, id: String(index), severity: 1, conditions: [], exact: false };
    });
  const scanner = new LexiconScanner(buildLexicon([{ fingerprint: '', entries: bare, allow: [] }]), { observe });
  let position = 0;
  const read = (phrase: Phrase, entry: LexiconEntry | undefined): void => {
    const before = `${FILLER}${phrase.openStart ? '' : ' '}`;
    const start = position + before.length;
    regions.push({ start, end: start + phrase.text.length, entry, phrase });
    const text = `${before}${phrase.text}${phrase.openEnd ? '' : ' '}${FILLER} `;
    position += text.length;
    scanner.feed(text);
    scanner.take();
  };
  for (const { entries, allow } of lists) {
    for (const entry of entries) for (const term of entry.terms) read(term, entry);
    for (const phrase of allow) read(phrase, undefined);
  }
  scanner.end();
  return { terms, idleAllow: [...idle] };
}

function coversHits(wider: LexiconEntry, entry: LexiconEntry): boolean {
  if (wider.severity < entry.severity || (wider.exact && !entry.exact)) return false;
  if (wider.conditions.length === 0) return true;
  return conditionsKey(wider) === conditionsKey(entry);
}

function conditionsKey({ conditions, within }: LexiconEntry): string {
  return JSON.stringify([conditions, String(within.back), within.ahead]);
}

/** The last region that starts at `offset` or before it. */
function regionAt(regions: readonly Region[], offset: number): Region | undefined {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((regions[middle]?.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return regions[low - 1];
}
