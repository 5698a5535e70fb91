import type { Span } from '../core/index.js';
import type { Lexicon } from './build.js';
import type { OtherReadings } from './other-readings.js';
import { isWritten, mustBeWritten, type Pattern } from './pattern.js';
import { APART, READINGS, type Reading } from './reading.js';

/** More repetitions of a symbol than the last letter of any term wants. */
const MAX_REPEATS = 4096;
const TRY_OTHERS = 4;

/** Where a match may end. */
export interface ReportedPlace {
  readonly text: string;
  /** Index behind the last symbol. */
  readonly position: number;
  /** See `MatchReader.how`. */
  readonly how: number;
}

/** Reads matches back from where the automaton says that they end; at once, or later from what `how` has noted. */
export class MatchReader {
  readonly #lexicon: Pick<Lexicon, 'matcher'>;
  readonly #others: OtherReadings;

  constructor(lexicon: Pick<Lexicon, 'matcher'>, others: OtherReadings) {
    this.#lexicon = lexicon;
    this.#others = others;
  }

  /**
   * How a place was read, as one number.
   * @param repeats repetitions of the last symbol beyond the first
   * @param isNearFork whether readings that have met again may be told apart by a symbol close before
   */
  how(repeats: number, reading: Reading, isNearFork: boolean): number {
    return (Math.min(repeats, MAX_REPEATS) << 3) + (isNearFork ? TRY_OTHERS : 0) + reading.number;
  }

  /** Span of the match that ends before `position`, both in indexes of `text`; `undefined` when the text reads otherwise. */
  match(pattern: Pattern, place: ReportedPlace): Span | undefined {
    if (pattern.lastRun !== (place.how >> 3) + 1) return undefined;
    const span = this.#find(pattern, place);
    if (span === undefined || !mustBeWritten(pattern)) return span;
    return isWritten(pattern, place.text.slice(span.start, span.end)) ? span : undefined;
  }

  #find(pattern: Pattern, { text, position, how }: ReportedPlace): Span | undefined {
    const { matcher } = this.#lexicon;
    const span = matcher.match({ text, position, reading: READINGS[how & 3] ?? APART }, pattern);
    if (span !== undefined || (how & TRY_OTHERS) === 0) return span;
    // The readings may have met again behind a symbol that only another one takes as this term does.
    for (const { reading } of this.#others.lanes) {
      const other = matcher.match({ text, position, reading }, pattern);
      if (other !== undefined) return other;
    }
    return undefined;
  }
}
