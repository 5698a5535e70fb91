import type { Span } from '../core/index.js';
import type { ConditionIndex } from './condition-index.js';
import type { Condition, LexiconEntry } from './entry.js';
import type { OutputChains } from './output-chains.js';

/** Reads back; `undefined` when the phrase does not stand there. */
export type Verify = (pattern: number, position: number, how: number) => Span | undefined;

/** Added to `how` where a sound mark has just been read, so that only phrases that end in one can end there. */
export const MARKED = 1 << 24;

/** Numbers per place that is noted: output, position, how. */
const PLACE = 3;
/** Numbers per sighting: phrase, pattern, position, how, state. A sighting that stands has its start in place of `how`. */
const STRIDE = 5;
const PATTERN = 1;
const POSITION = 2;
const HOW = 3;
const STATE = 4;
const UNKNOWN = -1;
const REFUTED = -2;
/** Positions rise but within one character, which different readings report at its two ends. */
const DISORDER_UNITS = 4;
/** Longest match, UTF-16 units: text that lies farther back than this need not be read again. */
const MAX_MATCH_UNITS = 4096;

/**
 * The condition phrases of a text. Common words are phrases of some condition, while few texts hold a match that asks: so
 * a place where some may end is three numbers until a match asks. Then each phrase is five, and is read back only if the match
 * has that very condition, or before its text goes.
 */
export class Sightings {
  readonly #index: ConditionIndex;
  readonly #outputs: OutputChains;
  readonly #verify: Verify;
  /** Places whose phrases nobody has asked about. */
  #places: number[] = [];
  #list: number[] = [];
  /** First place of each phrase that a condition looks back to from any distance, once it lies far back. */
  readonly #firsts = new Map<number, Span>();

  constructor({ index, outputs, verify }: { index: ConditionIndex; outputs: OutputChains; verify: Verify }) {
    this.#index = index;
    this.#outputs = outputs;
    this.#verify = verify;
  }

  /**
   * Notes that the condition phrases among some outputs may end at a place; positions must not fall by more than a character.
   * @param output as a cell of the automaton holds it
   * @param position offset behind the last symbol, UTF-16 units
   * @param how what `verify` needs to read back just as if it did so at once
   */
  add(output: number, position: number, how: number): void {
    this.#places.push(output, position, how);
  }

  /** A phrase of the condition that stands near enough to a hit, and not inside it: a condition speaks of the context. */
  find(condition: Condition, hit: Span, { back, ahead }: LexiconEntry['within']): Span | undefined {
    this.#sort();
    const list = this.#list;
    if (list.length === 0 && this.#firsts.size === 0) return undefined;
    const query = this.#index.query(condition);
    const least = hit.start - back - DISORDER_UNITS;
    for (let at = list.length - STRIDE; at >= 0; at -= STRIDE) {
      if ((list[at + POSITION] as number) < least) return undefined;
      if (!this.#index.has(query, list[at] as number)) continue;
      const span = this.#spanAt(at);
      if (span === undefined || span.end < hit.start - back || span.end > hit.end + ahead) continue;
      if (!isInside(span, hit)) return span;
    }
    if (back !== Number.POSITIVE_INFINITY) return undefined;
    for (const [phrase, span] of this.#firsts) if (this.#index.has(query, phrase) && !isInside(span, hit)) return span;
    return undefined;
  }

  /**
   * Forgets what no later match can ask for.
   * @param open start of the earliest match to come, UTF-16 units
   * @param textFrom offset of the first text that can still be read
   */
  forget(open: number, textFrom: number): void {
    this.#sort();
    const kept: number[] = [];
    const least = open - this.#index.maxBack - DISORDER_UNITS;
    const list = this.#list;
    for (let at = 0; at < list.length; at += STRIDE) {
      const position = list[at + POSITION] as number;
      const phrase = list[at] as number;
      const isFar = position < least;
      if (isFar && (!this.#index.isUnbounded(phrase) || this.#firsts.has(phrase))) continue;
      const span = position - MAX_MATCH_UNITS < textFrom ? this.#spanAt(at) : undefined;
      if (isFar) {
        const first = span ?? this.#spanAt(at);
        if (first !== undefined) this.#firsts.set(phrase, first);
      } else if (list[at + STATE] !== REFUTED) {
        for (let part = 0; part < STRIDE; part += 1) kept.push(list[at + part] as number);
      }
    }
    this.#list = kept;
  }

  /** Takes the places apart into phrases. */
  #sort(): void {
    const places = this.#places;
    if (places.length === 0) return;
    this.#places = [];
    const { pattern, next, conditions } = this.#outputs;
    for (let at = 0; at < places.length; at += PLACE) {
      const how = places[at + 2] as number;
      for (let output = places[at] as number; output !== 0; output = next[output - 1] as number) {
        const number = pattern[output - 1] as number;
        const phrase = conditions[number] as number;
        if (phrase < 0 || (how >= MARKED && !this.#outputs.endsInMark(number))) continue;
        this.#list.push(phrase, number, places[at + 1] as number, how & (MARKED - 1), UNKNOWN);
      }
    }
  }

  #spanAt(at: number): Span | undefined {
    const list = this.#list;
    const state = list[at + STATE] as number;
    if (state === REFUTED) return undefined;
    if (state !== UNKNOWN) return { start: list[at + HOW] as number, end: state };
    const span = this.#verify(list[at + PATTERN] as number, list[at + POSITION] as number, list[at + HOW] as number);
    list[at + HOW] = span?.start ?? 0;
    list[at + STATE] = span?.end ?? REFUTED;
    return span;
  }
}

function isInside(span: Span, hit: Span): boolean {
  return span.start >= hit.start && span.end <= hit.end;
}
