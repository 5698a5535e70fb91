import type { Span } from '../core/index.js';
import { isSpace } from '../text/index.js';
import {
  EXPAND,
  FIRST_PLAIN,
  JOINER,
  LEET,
  MARK,
  SEPARATOR_CLASS,
  SKIP,
  STEP_MASK,
  SURROGATE,
  UNSPACED_BIT,
} from './alphabet.js';
import type { Holds, Lexicon } from './build.js';
import { BASE, CELL, FAIL, OUTPUT, ROOT } from './cells.js';
import { type DecidedDetection, Docket } from './docket.js';
import type { LaneState } from './lane.js';
import { MatchReader } from './match-reader.js';
import { characterKind, OtherReadings } from './other-readings.js';
import { matchesLike, type Pattern } from './pattern.js';
import { APART, type Reading } from './reading.js';
import { COMPACT_AT_UNITS, FORK_REACH } from './scan-limits.js';
import type { ScannerOptions } from './scanner-options.js';
import { type SpelledLetter, SpelledWords } from './spelled-words.js';
import { WORD_LOOK_BACK } from './word-check.js';

const holdsAll: Holds = () => true;

/**
 * Finds list entries in a text that may arrive in pieces. What it reports, and when, depends on the text read so far and
 * never on how it was cut. Linear in the text; see the design note beside this file.
 */
export class LexiconScanner {
  readonly #lexicon: Lexicon;
  readonly #docket: Docket;
  readonly #holds: Holds;
  #text = '';
  /** Offset in the whole text of `#text[0]`. */
  #base = 0;
  /** Characters of `#text` that were read. */
  #at = 0;
  /** Offset of the last character that was read with a look at the one behind it. */
  #peekedAt = -1;
  #ended = false;
  /** The buffer is cut next when so much was read: a flood of marks must not be gone over for every piece. */
  #compactAt = COMPACT_AT_UNITS;
  /** The reading that takes symbols as separators. */
  #state = ROOT;
  #last = SEPARATOR_CLASS;
  #repeats = 0;
  /** Letters since the last separator. */
  #letters = 0;
  readonly #others: OtherReadings;
  readonly #reader: MatchReader;
  readonly #spelled: SpelledWords;
  /** Asked for at the first release point: a whole text has none. */
  #depths: ReturnType<Lexicon['holdDepths']> | undefined;
  /** Counts the symbols read that were no repetition. */
  #changes = 0;
  /** Last answer of `#openStart`, and `#changes` and whether a spelled-out word had ended at that time. */
  #open: number | undefined;
  #openChanges = -1;
  #openApart = false;
  /** Offset of the last symbol with two readings. */
  #forkedAt = Number.NEGATIVE_INFINITY;

  constructor(lexicon: Lexicon, { holds = holdsAll, observe }: ScannerOptions = {}) {
    this.#lexicon = lexicon;
    this.#holds = holds;
    this.#docket = new Docket(this.#docketText(), observe);
    this.#others = new OtherReadings(lexicon.automaton, (lane, position, isNew) => {
      if (isNew) this.#changes += 1;
      this.#report(lane, position, lane.reading);
    });
    this.#reader = new MatchReader(lexicon, this.#others);
    this.#spelled = new SpelledWords(lexicon, (pattern, span) => this.#found(pattern, span, true));
    // The start of a text is a word edge.
    this.#state = lexicon.automaton.next(ROOT, SEPARATOR_CLASS / CELL);
  }

  /** Reads the next piece of text. Never throws, for any string. */
  feed(chunk: string): void {
    this.#compact();
    this.#text = this.#text === '' ? chunk : this.#text + chunk;
    this.#read();
  }

  /** Reads the end of the text: every decision becomes final. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#read();
    // The end of a text is a word edge.
    this.#others.push('plain', [SEPARATOR_CLASS], { start: this.#at, end: this.#at });
    this.#push(SEPARATOR_CLASS, this.#at, this.#at);
    this.#docket.settle();
  }

  /** Offset before which no later hit begins that text waits for, UTF-16 units. */
  get releasePoint(): number {
    const held = this.#ended ? this.#position : this.#docket.heldFrom(this.#openStart());
    // A mark that is not read yet, for want of the next character, is part of no match that did not begin before it.
    const next = this.#text.charCodeAt(this.#at);
    return held === this.#position && (next < 0xd800 || next > 0xdbff) ? held + 1 : held;
  }

  /** Hands over the hits decided since the last call, in the order they were decided. */
  take(): DecidedDetection[] {
    return this.#docket.take();
  }

  get #position(): number {
    return this.#base + this.#at;
  }

  #read(): void {
    const [length, docket] = [this.#text.length, this.#docket];
    // A candidate is decided at the very offset that makes it ready: else the cuts of the text would show.
    while (this.#at < length) {
      if (this.#position >= docket.nextReady) docket.settle();
      if (!this.#others.isForked) {
        const limit = Math.min(length, docket.nextReady - this.#base);
        this.#readPlain(limit);
        if (this.#at >= limit || this.#position >= docket.nextReady) continue;
      }
      if (!this.#readPoint()) return;
    }
    if (this.#position >= docket.nextReady) docket.settle();
  }

  /**
   * Reads characters that have one reading until `limit`, or until one comes that has not. The hot loop: everything it
   * needs is a local, and it makes no object.
   */
  #readPlain(limit: number): void {
    const { cells } = this.#lexicon.automaton;
    const { classes } = this.#lexicon.alphabet;
    const text = this.#text;
    let at = this.#at;
    let state = this.#state;
    let last = this.#last;
    let letters = this.#letters;
    let repeats = this.#repeats;
    const from = at;
    const repeatsBefore = repeats;
    const isSpelling = this.#spelled.isOpen;
    while (at < limit) {
      const found = classes[text.charCodeAt(at)] as number;
      if (found === last) {
        repeats += 1;
        at += 1;
        if (cells[state + OUTPUT] === 0) continue;
      } else {
        if (found < FIRST_PLAIN) break;
        if (found === SEPARATOR_CLASS) {
          // A space may stand between the characters of a word that is written without.
          if (letters === 1 || isSpelling || (last & UNSPACED_BIT) !== 0) break;
          letters = 0;
        } else {
          if (isSpelling && this.#spelled.endsAfter(last, repeats)) break;
          // Where scripts with and without spaces meet, there is a word edge.
          if (((found ^ last) & UNSPACED_BIT) !== 0 && last !== SEPARATOR_CLASS) break;
          letters += 1;
        }
        const step = found & STEP_MASK;
        let to = (cells[state + BASE] as number) + step;
        while (cells[to] !== state) {
          if (state === ROOT) {
            to = ROOT;
            break;
          }
          state = cells[state + FAIL] as number;
          to = (cells[state + BASE] as number) + step;
        }
        state = to;
        last = found;
        repeats = 0;
        at += 1;
        if (cells[state + OUTPUT] === 0) continue;
      }
      this.#at = at;
      this.#report({ state, last, repeats }, at, APART);
      if (this.#docket.nextReady - this.#base < limit) break;
    }
    this.#at = at;
    if (repeats - repeatsBefore !== at - from) this.#changes += 1;
    this.#state = state;
    this.#last = last;
    this.#letters = letters;
    this.#repeats = repeats;
  }

  /** Reads one code point in every way it can be read; `false` when what that takes has not arrived. */
  #readPoint(): boolean {
    const { alphabet } = this.#lexicon;
    const [text, start] = [this.#text, this.#at];
    let codePoint = text.charCodeAt(start);
    let found = alphabet.classOf(codePoint);
    if (found === SURROGATE) {
      if (start + 1 >= text.length && !this.#ended) return false;
      codePoint = text.codePointAt(start) ?? codePoint;
      found = codePoint > 0xffff ? alphabet.classOf(codePoint) : SEPARATOR_CLASS;
    }
    const end = start + (codePoint > 0xffff ? 2 : 1);
    if (found === SKIP || found === MARK) {
      this.#at = end;
      if (found === MARK) this.#reportAgain(end);
      return true;
    }
    if (found === SEPARATOR_CLASS && (this.#last & UNSPACED_BIT) !== 0 && isSpace(codePoint)) found = JOINER;
    const kind = characterKind(found);
    const forks = kind === 'mark' ? this.#mayJoin(end) : kind === 'symbol';
    if (forks === undefined) return false;
    if (forks && kind !== 'plain') {
      this.#forkedAt = this.#position;
      this.#others.fork(kind, this.#plain);
    }
    const expansion = found === LEET || found === EXPAND ? alphabet.expansion(codePoint) : [found];
    this.#others.push(kind, expansion, { start, end });
    if (kind !== 'plain') this.#push(SEPARATOR_CLASS, start, end);
    else if (found === EXPAND) this.#pushAll(expansion, start, end);
    else this.#push(found, start, end);
    this.#at = end;
    if (this.#others.isForked) this.#others.merge(this.#plain);
    return true;
  }

  /** Takes in matches whose last letter a voiced mark has just changed. */
  #reportAgain(position: number): void {
    this.#report(this.#plain, position, APART);
    for (const lane of this.#others.lanes) if (lane.active) this.#report(lane, position, lane.reading);
  }

  /** Reads a character of several symbols; it is one letter of its word all the same. */
  #pushAll(classes: Iterable<number>, start: number, end: number): void {
    const most = this.#letters + 1;
    for (const part of classes) this.#push(part, start, end);
    this.#letters = Math.min(this.#letters, most);
  }

  /** Reads one symbol in the reading that takes symbols as separators. */
  #push(found: number, start: number, end: number): void {
    if (found === SEPARATOR_CLASS) this.#spell(start);
    else if (this.#last !== SEPARATOR_CLASS && ((found ^ this.#last) & UNSPACED_BIT) !== 0) {
      this.#push(SEPARATOR_CLASS, start, start);
    } else if (this.#spelled.endsAfter(this.#last, this.#repeats)) this.#spelled.reset();
    if (found === this.#last) this.#repeats += 1;
    else {
      this.#state = this.#lexicon.automaton.next(this.#state, (found & STEP_MASK) / CELL);
      this.#last = found;
      this.#repeats = 0;
      this.#changes += 1;
      if (found !== SEPARATOR_CLASS) this.#letters += 1;
    }
    this.#report(this.#plain, end, APART);
  }

  /** Where the plain reading stands. */
  get #plain(): LaneState {
    return { state: this.#state, last: this.#last, repeats: this.#repeats };
  }

  /** Whether a mark before `end` can stand between two letters; `undefined` until the character behind it is here. */
  #mayJoin(end: number): boolean | undefined {
    if (this.#others.isForked || this.#last === SEPARATOR_CLASS) return this.#others.isForked;
    if (end >= this.#text.length) return this.#ended || undefined;
    this.#peekedAt = this.#base + end;
    return this.#lexicon.alphabet.classOf(this.#text.charCodeAt(end)) !== SEPARATOR_CLASS;
  }

  /** Takes in the matches that end where a reading stands; `position` is an index of `#text`. */
  #report({ state, repeats }: LaneState, position: number, reading: Reading): void {
    const { cells, outputPattern, outputNext } = this.#lexicon.automaton;
    const conditions = this.#lexicon.patterns.conditionNumbers;
    const isNearFork = !this.#others.isForked && this.#base + position - this.#forkedAt < FORK_REACH;
    const how = this.#reader.how(repeats, reading, isNearFork);
    let [before, span]: [Pattern?, Span?] = [];
    let output = cells[state + OUTPUT] as number;
    while (output !== 0) {
      const number = outputPattern[output - 1] as number;
      output = outputNext[output - 1] as number;
      const phrase = conditions[number] as number;
      if (phrase >= 0) {
        this.#docket.see({ phrase, pattern: number, position: this.#base + position, how });
        continue;
      }
      const pattern = this.#lexicon.patterns.get(number);
      // One phrase may be the term of many entries.
      if (!matchesLike(before, pattern)) span = this.#matchBack(pattern, this.#base + position, how);
      before = pattern;
      if (span !== undefined) this.#found(pattern, span, false);
    }
  }

  #matchBack(pattern: Pattern, offset: number, how: number): Span | undefined {
    const span = this.#reader.match(pattern, { text: this.#text, position: offset - this.#base, how });
    return span && { start: span.start + this.#base, end: span.end + this.#base };
  }

  /** Index of the symbol that stands `symbols` back from `position`. */
  #symbolStart(position: number, symbols: number, reading: Reading): number {
    return this.#lexicon.matcher.symbolStart({ text: this.#text, position, reading }, symbols);
  }

  #found(pattern: Pattern, span: Span, spelled: boolean): void {
    const { use } = pattern;
    if (use.kind === 'allow') this.#docket.allow(span);
    else if (use.kind === 'deny') {
      const holds = this.#holds(use.entry.category, use.entry.severity);
      this.#docket.add({ entry: use.entry, pattern, ...span, spelled, holds, readyAt: span.end });
    }
  }

  /** At a word edge: a word of one letter continues a spelled-out word, any longer one ends it. */
  #spell(at: number): void {
    if (this.#letters > 1) this.#spelled.reset();
    else if (this.#letters === 1) this.#spelled.push(this.#lastLetters(at));
    this.#letters = 0;
  }

  /** What the character, with its repetitions, is read as that is the whole word before `at`. */
  #lastLetters(at: number): SpelledLetter[] {
    const from = this.#symbolStart(at, 1, APART);
    return this.#spelled.lettersOf(this.#text.codePointAt(from) ?? 0, {
      start: from + this.#base,
      end: at + this.#base,
    });
  }

  /** Start of the earliest match that text waits for and that may still complete. */
  #openStart(): number {
    // What is skipped or repeated changes nothing: without this a flood of it would be read again for every piece.
    const isApart = this.#spelled.endsAfter(this.#last, this.#repeats);
    if (this.#changes === this.#openChanges && isApart === this.#openApart) return this.#open ?? this.#position;
    this.#depths ??= this.#lexicon.holdDepths(this.#holds);
    let open = this.#openFrom(this.#depths.plain);
    // A word of several letters ends a spelled-out word, also while it is being read.
    if (this.#letters <= 1 && !isApart) {
      const next = this.#letters === 1 ? this.#lastLetters(this.#at) : [];
      open = Math.min(open, this.#spelled.openStart(this.#depths.spelled, { next, otherwise: open }));
    }
    this.#openChanges = this.#changes;
    this.#openApart = isApart;
    this.#open = open < this.#position ? open : undefined;
    return open;
  }

  /** Start of the earliest pattern of any reading that may still complete, by depths of the automaton. */
  #openFrom(depths: Uint16Array): number {
    const plain = { active: true, state: this.#state, reading: APART, mark: -1 };
    let open = this.#at;
    for (const { active, state, reading, mark } of [plain, ...this.#others.lanes]) {
      const depth = active ? (depths[state / CELL] ?? 0) : 0;
      if (depth > 0) open = Math.min(open, this.#symbolStart(mark >= 0 ? mark : this.#at, depth, reading));
    }
    return open + this.#base;
  }

  #docketText(): ConstructorParameters<typeof Docket>[0] {
    return {
      readable: (start, end) => {
        const [from, to] = [start - this.#base, Math.min(end - this.#base, this.#at)];
        return this.#lexicon.alphabet.withoutSkipped(this.#text.slice(Math.max(0, from), Math.max(0, to)));
      },
      conditionIndex: this.#lexicon.conditionIndex,
      verify: (pattern, position, how) => this.#matchBack(this.#lexicon.patterns.get(pattern), position, how),
      position: () => this.#position,
      needed: () => this.#position + (this.#ended || this.#position === this.#peekedAt ? 1 : 0),
      ended: () => this.#ended,
      allowStart: () => this.#openFrom(this.#lexicon.allowDepths),
      openStart: () => (this.#holds === holdsAll ? this.#position : this.#openStart()),
      skipFrom: (end) => {
        const found = this.#lexicon.alphabet.findNextCharacter(this.#text, end - this.#base, this.#at);
        return found < 0 ? undefined : found + this.#base;
      },
    };
  }

  /** Forgets text that no decision can need. */
  #compact(): void {
    if (this.#at < this.#compactAt) return;
    this.#compactAt = this.#at * 2;
    const depthOf = (state: number): number => this.#lexicon.automaton.depth(state);
    let open = Math.min(this.#docket.neededFrom(this.#position), this.#spelled.runStart(this.#position));
    open = Math.min(open, this.#symbolStart(this.#at, depthOf(this.#state) + 1, APART) + this.#base);
    for (const { active, state, reading } of this.#others.lanes) {
      if (active) open = Math.min(open, this.#symbolStart(this.#at, depthOf(state) + 2, reading) + this.#base);
    }
    const from = Math.max(0, open - WORD_LOOK_BACK - 2 - this.#base);
    if (from < COMPACT_AT_UNITS / 2) return;
    // A pair must not be cut.
    const cut = (this.#text.charCodeAt(from) & 0xfc00) === 0xdc00 ? from + 1 : from;
    this.#docket.forget(open, this.#base + cut);
    this.#text = this.#text.slice(cut);
    this.#base += cut;
    this.#at -= cut;
    this.#compactAt = Math.max(COMPACT_AT_UNITS, this.#at * 2);
  }
}
