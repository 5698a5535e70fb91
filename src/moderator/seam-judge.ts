import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { LexiconDetection } from '../core/index.js';
import { type Lexicon, LexiconScanner } from '../lexicon/index.js';
import { LETTER, REACH_UNITS, tailOf } from './text-edges.js';

/** A list match that no single text holds: it begins in one text and ends in a later one. */
export interface SeamMatch {
  readonly detection: Omit<LexiconDetection, 'span'>;
  readonly start: TextPlace;
  /** Behind the last character of the match. */
  readonly end: TextPlace;
}

/** A place in one of several texts. */
export interface TextPlace {
  /** Which text, from 0. */
  readonly text: number;
  /** UTF-16 units from its start. */
  readonly offset: number;
}

/** Part of a text near a seam. */
interface Piece {
  readonly text: number;
  /** Where the part begins in the text, UTF-16 units. */
  readonly offset: number;
  readonly part: string;
}

/** A match in the pieces around a seam, joined. */
interface WindowMatch {
  /** The strings between the pieces. */
  readonly separators: readonly string[];
  readonly detection: LexiconDetection;
}

/** Most seams in a row that are read as nothing, so as to put a word together. */
const MOST_GLUED = 8;
/** Text read at a time behind a seam, until it is clear that nothing that began before can still match. */
const STEP_UNITS = 12;
/** Estimated bytes of a remembered seam without a match. */
const SEAM_BYTES = 200;
/** Estimated bytes of a match. */
const MATCH_BYTES = 300;

/** Finds list entries that are split over the ends of texts which a model reads one after another. */
export class SeamJudge {
  readonly #lexicon: Lexicon;
  readonly #cache: LRUCache<string, readonly WindowMatch[]> | undefined;

  /** @param cacheMaxBytes bound of what is remembered of seams, estimated; 0 for nothing */
  constructor(lexicon: Lexicon, cacheMaxBytes: number) {
    this.#lexicon = lexicon;
    if (cacheMaxBytes > 0) {
      this.#cache = new LRUCache({
        maxSize: cacheMaxBytes,
        sizeCalculation: (matches) => SEAM_BYTES + MATCH_BYTES * matches.length,
      });
    }
  }

  /** Yields after each seam with the matches over it, each match once. O(texts). */
  *judge(texts: readonly string[]): Generator<readonly SeamMatch[], void> {
    const whole = texts.flatMap((text, index): Piece[] => {
      const part = text.trim();
      return part === '' ? [] : [{ text: index, offset: text.indexOf(part), part }];
    });
    const seen = new Set<string>();
    for (let seam = 1; seam < whole.length; seam += 1) {
      const before = piecesBefore(whole, seam);
      const after = piecesAfter(whole, seam);
      const matches = this.#matchesOf(before, after).map((match) => placeMatch(match, [...before, ...after]));
      yield matches.filter(({ detection, start, end }) => {
        const name = [detection.termId, start.text, start.offset, end.text, end.offset].join();
        return !seen.has(name) && seen.add(name);
      });
    }
  }

  #matchesOf(before: readonly Piece[], after: readonly Piece[]): readonly WindowMatch[] {
    if (this.#cache === undefined) return this.#scan(before, after);
    const parts = [before.map(({ part }) => part), after.map(({ part }) => part)];
    const key = createHash('sha256')
      .update(Buffer.from(JSON.stringify(parts), 'utf16le'))
      .digest('base64');
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const found = this.#scan(before, after);
    this.#cache.set(key, found);
    return found;
  }

  /** Reads the seam as a space, then as nothing, then the next ones as nothing too: a word may be cut more than once. */
  #scan(before: readonly Piece[], after: readonly Piece[]): readonly WindowMatch[] {
    const found: WindowMatch[] = [];
    for (let glued = 0; glued <= Math.min(MOST_GLUED, after.length); glued += 1) {
      const separators = [...before.slice(1), ...after].map((_, index) =>
        index >= before.length - 1 && index < before.length - 1 + glued ? '' : '\n',
      );
      const text = join([...before, ...after], separators);
      const seam = join(before, separators).length;
      const gluedUntil = join([...before, ...after.slice(0, glued)], separators).length;
      const { detections, goesOn } = this.#scanAcross(text, seam, gluedUntil);
      for (const detection of detections) {
        const { start, end } = detection.span;
        if (LETTER.test(text.slice(start, seam)) && LETTER.test(text.slice(seam, end))) {
          found.push({ separators, detection });
        }
      }
      if (!goesOn) break;
    }
    return found;
  }

  /**
   * Reads on behind the seam only while something that began before it may still match; `goesOn` says whether that is so
   * at `gluedUntil`.
   */
  #scanAcross(
    text: string,
    seam: number,
    gluedUntil: number,
  ): { readonly detections: readonly LexiconDetection[]; readonly goesOn: boolean } {
    const scanner = new LexiconScanner(this.#lexicon);
    let at = 0;
    const readTo = (end: number): boolean => {
      while (at < end) {
        const next = at < seam ? seam : Math.min(end, at + STEP_UNITS);
        scanner.feed(text.slice(at, next));
        at = next;
        if (scanner.releasePoint >= seam) return false;
      }
      return true;
    };
    const goesOn = readTo(gluedUntil);
    if (goesOn && readTo(text.length)) scanner.end();
    return { detections: scanner.take(), goesOn };
  }
}

/** Joins pieces by the strings that stand between them; of those there may be more. */
function join(pieces: readonly Piece[], separators: readonly string[]): string {
  return pieces.map(({ part }, index) => (index === 0 ? part : `${separators[index - 1]}${part}`)).join('');
}

/** The last text before a seam; a word that would be cut in two is left out. */
function piecesBefore(whole: readonly Piece[], seam: number): Piece[] {
  const pieces: Piece[] = [];
  let wanted = REACH_UNITS;
  for (let index = seam - 1; index >= 0 && wanted > 0; index -= 1) {
    const { text, offset, part } = whole[index] as Piece;
    const tail = tailOf(part, wanted);
    pieces.unshift({ text, offset: offset + part.length - tail.length, part: tail });
    wanted -= part.length;
  }
  return pieces;
}

/** The first text behind a seam. */
function piecesAfter(whole: readonly Piece[], seam: number): Piece[] {
  const pieces: Piece[] = [];
  let wanted = REACH_UNITS;
  for (let index = seam; index < whole.length && wanted > 0; index += 1) {
    const piece = whole[index] as Piece;
    pieces.push({ ...piece, part: piece.part.slice(0, wanted) });
    wanted -= piece.part.length;
  }
  return pieces;
}

/** Where a match in joined pieces stands in their texts. */
function placeMatch({ separators, detection }: WindowMatch, pieces: readonly Piece[]): SeamMatch {
  const { span, ...rest } = detection;
  let start: TextPlace = { text: 0, offset: 0 };
  let end = start;
  let at = 0;
  for (const [index, { text, offset, part }] of pieces.entries()) {
    if (span.start >= at) start = { text, offset: offset + Math.min(span.start - at, part.length) };
    if (span.end > at) end = { text, offset: offset + Math.min(span.end - at, part.length) };
    at += part.length + (separators[index] ?? '').length;
  }
  return { detection: rest, start, end };
}
