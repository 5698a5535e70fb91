import type { LexiconDetection } from '../core/index.js';
import { IGNORABLE, isLeetDigit, isUnspaced, LEET_SYMBOLS, reads, SEPARATOR } from '../text/index.js';
import { ROOT } from './automaton.js';
import type { Lexicon, Pattern } from './build.js';
import type { Condition, LexiconEntry } from './entry.js';
import { cutsWord, WORD_LOOK_AHEAD, WORD_LOOK_BACK } from './word-check.js';

/** A run of one folded unit in the text. */
interface Token {
  readonly unit: number;
  readonly start: number;
  end: number;
  run: number;
}

interface Candidate {
  readonly entry: LexiconEntry;
  readonly start: number;
  readonly end: number;
  readonly needsWordCheck: boolean;
}

interface Letter {
  readonly unit: number;
  readonly start: number;
  readonly end: number;
}

const MAX_WORD_CHECKED_UNITS = 3;
const COMPACT_AT_TOKENS = 4096;

/**
 * Finds list entries in a text that may arrive in pieces. What it reports, and when, depends on the text read so far and
 * never on how it was cut. Linear in the text; see the design note beside this file.
 */
export class LexiconScanner {
  readonly #lexicon: Lexicon;
  #text = '';
  /** Offset in the whole text of `#text[0]`. */
  #base = 0;
  #position = 0;
  #tokens: Token[] = [];
  #state = ROOT;
  #spelledState = ROOT;
  #spelledRun: Letter[] = [];
  #lettersSinceSeparator = 0;
  #pending: Candidate[] = [];
  #allowed: { start: number; end: number }[] = [];
  readonly #conditionsSeen = new Map<Condition, { start: number; end: number }[]>();
  #decided: LexiconDetection[] = [];
  #ended = false;

  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon;
    this.#push(SEPARATOR, 0, 0);
  }

  /** Reads the next piece of text. Never throws, for any string. */
  feed(chunk: string): void {
    this.#text += chunk;
    this.#read();
  }

  /** Reads the end of the text: every decision becomes final. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#read();
    this.#push(SEPARATOR, this.#position, this.#position);
    this.#push(SEPARATOR, this.#position, this.#position);
    this.#state = ROOT;
    this.#spelledState = ROOT;
    this.#settle();
  }

  /** Offset before which every decision is final, UTF-16 units. */
  get releasePoint(): number {
    if (this.#ended) return this.#position;
    return this.#pending.reduce((least, candidate) => Math.min(least, candidate.start), this.#openStart());
  }

  /** Hands over the detections decided since the last call, in order of their end. */
  take(): LexiconDetection[] {
    const decided = this.#decided;
    this.#decided = [];
    return decided;
  }

  #read(): void {
    const { fold } = this.#lexicon;
    const length = this.#base + this.#text.length;
    while (this.#position < length) {
      const at = this.#position - this.#base;
      const codePoint = this.#text.codePointAt(at) ?? 0;
      const width = codePoint > 0xffff ? 2 : 1;
      const isLast = at + width >= this.#text.length;
      // A high surrogate and a symbol that may be a letter wait for their right neighbor.
      if (isLast && !this.#ended && ((codePoint >= 0xd800 && codePoint <= 0xdbff) || LEET_SYMBOLS.has(codePoint)))
        break;
      let unit = fold(codePoint);
      if (LEET_SYMBOLS.has(codePoint) && this.#isLetter(at - 1) && this.#isLetter(at + width)) unit = codePoint;
      const start = this.#position;
      this.#position += width;
      if (unit === IGNORABLE) continue;
      const last = this.#tokens.at(-1);
      if (
        unit !== SEPARATOR &&
        last !== undefined &&
        last.unit !== SEPARATOR &&
        isUnspaced(last.unit) !== isUnspaced(unit)
      ) {
        this.#push(SEPARATOR, start, start);
      }
      this.#push(unit, start, this.#position);
      if (this.#pending.length > 0) this.#settle();
      if (this.#tokens.length > COMPACT_AT_TOKENS) this.#compact();
    }
  }

  #isLetter(at: number): boolean {
    if (at < 0 || at >= this.#text.length) return false;
    const unit = this.#lexicon.fold(this.#text.charCodeAt(at));
    return unit !== IGNORABLE && unit !== SEPARATOR && !isUnspaced(unit);
  }

  #push(unit: number, start: number, end: number): void {
    const last = this.#tokens.at(-1);
    if (last !== undefined && last.unit === unit) {
      last.end = end;
      last.run += 1;
      if (unit === SEPARATOR) {
        if (last.run === 2) this.#spell();
      } else {
        this.#lettersSinceSeparator += 1;
        this.#report(last.run);
      }
      return;
    }
    if (unit === SEPARATOR) this.#spell();
    else this.#lettersSinceSeparator += 1;
    this.#tokens.push({ unit, start, end, run: 1 });
    this.#state = this.#lexicon.automaton.next(this.#state, this.#lexicon.symbolOf(unit));
    this.#report(1);
  }

  /** Reports patterns that end with the newest token, whose run has just grown to `run`. */
  #report(run: number): void {
    for (const index of this.#lexicon.automaton.outputs(this.#state)) {
      const pattern = this.#lexicon.patterns[index];
      if (pattern === undefined || pattern.runs.at(-1) !== run) continue;
      const first = this.#tokens.length - pattern.units.length;
      if (first < 0 || !this.#matches(pattern, first)) continue;
      const from = this.#tokens[first + (pattern.leads ? 1 : 0)];
      const to = this.#tokens[this.#tokens.length - (pattern.trails ? 2 : 1)];
      if (from !== undefined && to !== undefined) this.#found(pattern, from.start, to.end);
    }
  }

  #matches(pattern: Pattern, first: number): boolean {
    let letters = 0;
    let digits = 0;
    for (let i = 0; i < pattern.units.length; i += 1) {
      const token = this.#tokens[first + i];
      const unit = pattern.units[i] ?? 0;
      if (token === undefined || token.run < (pattern.runs[i] ?? 1) || !reads(token.unit, unit)) return false;
      if (token.unit !== unit && isLeetDigit(token.unit)) digits += 1;
      else if (unit !== SEPARATOR) letters += 1;
    }
    return digits <= letters;
  }

  #found(pattern: Pattern, start: number, end: number): void {
    const { use } = pattern;
    if (use.kind === 'allow') {
      this.#allowed.push({ start, end });
      return;
    }
    if (use.kind === 'condition') {
      const seen = this.#conditionsSeen.get(use.condition);
      if (seen === undefined) this.#conditionsSeen.set(use.condition, [{ start, end }]);
      else seen.push({ start, end });
      return;
    }
    const units = pattern.units.filter((unit) => unit !== SEPARATOR);
    this.#pending.push({
      entry: use.entry,
      start,
      end,
      needsWordCheck: units.length <= MAX_WORD_CHECKED_UNITS && units.every(isUnspaced),
    });
  }

  /** At a separator: a word of one letter continues a spelled-out word, any longer word ends it. */
  #spell(): void {
    const last = this.#tokens.at(-1);
    const letters = this.#lettersSinceSeparator;
    this.#lettersSinceSeparator = 0;
    if (letters === 0 || last === undefined || last.unit === SEPARATOR) return;
    if (letters > 1 || isUnspaced(last.unit)) {
      this.#spelledState = ROOT;
      this.#spelledRun = [];
      return;
    }
    this.#spelledRun.push({ unit: last.unit, start: last.start, end: last.end });
    this.#spelledState = this.#lexicon.spelled.next(this.#spelledState, this.#lexicon.symbolOf(last.unit));
    for (const index of this.#lexicon.spelled.outputs(this.#spelledState)) {
      const pattern = this.#lexicon.spelledPatterns[index];
      if (pattern === undefined) continue;
      const run = this.#spelledRun.slice(-pattern.units.length);
      const exact = run.every((letter, i) => reads(letter.unit, pattern.units[i] ?? 0));
      // Three letters spelled inside a longer run are chance ("a b c d"); the whole run is not.
      if (exact && (pattern.units.length > 3 || this.#spelledRun.length === 3))
        this.#found(pattern, run[0]?.start ?? 0, last.end);
    }
  }

  /** Start of the longest pattern that may still complete. */
  #openStart(): number {
    const { automaton, spelled } = this.#lexicon;
    const depth = automaton.depth(this.#state);
    let open = this.#position;
    const first = this.#tokens[this.#tokens.length - depth];
    if (depth > 0 && first !== undefined) {
      const from = first.unit === SEPARATOR ? this.#tokens[this.#tokens.length - depth + 1] : first;
      if (from !== undefined) open = Math.min(open, from.start);
    }
    const spelledDepth = spelled.depth(this.#spelledState);
    const letter = this.#spelledRun[this.#spelledRun.length - spelledDepth];
    if (spelledDepth > 0 && letter !== undefined) open = Math.min(open, letter.start);
    // The word being read may turn out to be a single letter that begins a spelled-out word.
    const last = this.#tokens.at(-1);
    if (this.#lettersSinceSeparator === 1 && last !== undefined && last.unit !== SEPARATOR && !isUnspaced(last.unit))
      open = Math.min(open, last.start);
    return open;
  }

  /** Decides every pending candidate whose fate the text read so far determines. */
  #settle(): void {
    const open = this.#ended ? Number.POSITIVE_INFINITY : this.#openStart();
    const still: Candidate[] = [];
    const done: Candidate[] = [];
    for (const candidate of this.#pending) {
      const lookAhead = candidate.needsWordCheck ? WORD_LOOK_AHEAD : 0;
      const conditionAhead = candidate.entry.conditions.length > 0 ? candidate.entry.within.ahead : 0;
      const ready =
        this.#ended ||
        (open > candidate.start && this.#position >= candidate.end + Math.max(lookAhead, conditionAhead, 1));
      (ready ? done : still).push(candidate);
    }
    if (done.length === 0) return;
    this.#pending = still;
    done.sort((a, b) => a.end - b.end || a.start - b.start);
    for (const candidate of done) {
      if (!this.#counts(candidate)) continue;
      this.#decided.push({
        source: 'lexicon',
        category: candidate.entry.category,
        severity: candidate.entry.severity,
        termId: candidate.entry.id,
        span: { start: candidate.start, end: candidate.end },
      });
    }
  }

  #counts(candidate: Candidate): boolean {
    const { start, end, entry } = candidate;
    if (
      this.#allowed.some(
        (allowed) => allowed.start <= start && allowed.end >= end && allowed.end - allowed.start > end - start,
      )
    )
      return false;
    if (candidate.needsWordCheck) {
      const from = Math.max(this.#base, start - WORD_LOOK_BACK);
      const around = this.#text.slice(from - this.#base, end + WORD_LOOK_AHEAD - this.#base);
      if (cutsWord(around, start - from, end - from)) return false;
    }
    return entry.conditions.every((condition) => {
      const seen = this.#conditionsSeen.get(condition) ?? [];
      const holds = seen.some(
        (at) =>
          at.end >= start - entry.within.back &&
          at.end <= end + entry.within.ahead &&
          // A condition speaks of the context: a phrase inside the hit itself says nothing.
          !(at.start >= start && at.end <= end),
      );
      return condition.kind === 'near' ? holds : !holds;
    });
  }

  /** Forgets text and tokens that no decision can need. */
  #compact(): void {
    const keep = this.releasePoint - WORD_LOOK_BACK - 2;
    let first = 0;
    while (first < this.#tokens.length - 2 && (this.#tokens[first + 1]?.start ?? Number.POSITIVE_INFINITY) < keep)
      first += 1;
    const depth = Math.max(this.#lexicon.automaton.depth(this.#state), 1);
    first = Math.min(first, this.#tokens.length - depth);
    if (first <= 0) return;
    this.#tokens = this.#tokens.slice(first);
    const from = Math.max(this.#base, Math.min(keep, this.#tokens[0]?.start ?? keep));
    this.#text = this.#text.slice(from - this.#base);
    this.#base = from;
    this.#allowed = this.#allowed.filter((allowed) => allowed.end >= keep);
    if (this.#spelledRun.length > COMPACT_AT_TOKENS) this.#spelledRun = this.#spelledRun.slice(-256);
  }
}

/** Scans a whole text: the same scanner, fed once. */
export function scanText(lexicon: Lexicon, text: string): LexiconDetection[] {
  const scanner = new LexiconScanner(lexicon);
  scanner.feed(text);
  scanner.end();
  return scanner.take();
}
