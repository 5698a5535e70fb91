import type { Span } from '../core/index.js';
import { isSpace } from '../text/index.js';
import { EXPAND, FIRST_PLAIN, JOINER, LEET, MARK, SEPARATOR_CLASS, SKIP, SURROGATE, UNSPACED_BIT } from './alphabet.js';
import type { Holds, Lexicon } from './build.js';
import { CELL, OUTPUT } from './cells.js';
import { type DecidedDetection, Docket } from './docket.js';
import type { LaneState } from './lane.js';
import { MatchReader } from './match-reader.js';
import type { Depths } from './open-depths.js';
import { characterKind, OtherReadings } from './other-readings.js';
import type { OutputChains } from './output-chains.js';
import { matchesLike, type Pattern } from './pattern.js';
import { PlainReading } from './plain-reading.js';
import { APART, type Reading } from './reading.js';
import { RecentText } from './recent-text.js';
import { RememberedStart } from './remembered-start.js';
import { COMPACT_AT_UNITS, FORK_REACH } from './scan-limits.js';
import type { ScannerOptions } from './scanner-options.js';
import { MARKED } from './sightings.js';
import { type SpelledLetter, SpelledWords } from './spelled-words.js';
import { WORD_LOOK_BACK } from './word-check.js';

const holdsAll: Holds = () => true;

/**
 * Finds list entries in a text that may arrive in pieces. What it reports, and when, depends on the text read so far and
 * never on how it was cut. Linear in the text; see the design note beside this file.
 */
export class LexiconScanner {
  readonly #lexicon: Lexicon;
  readonly #cells: Int32Array;
  readonly #outputs: OutputChains;
  readonly #docket: Docket;
  readonly #holds: Holds;
  readonly #text: RecentText;
  /** Index of `#text` up to which it was read. */
  #at = 0;
  #ended = false;
  readonly #plain: PlainReading;
  readonly #others: OtherReadings;
  readonly #reader: MatchReader;
  readonly #spelled: SpelledWords;
  /** Asked for at the first release point: a whole text has none. */
  #depths: ReturnType<Lexicon['holdDepths']> | undefined;
  readonly #open = new RememberedStart();
  readonly #openAllowed = new RememberedStart();
  /** Offset behind the last sound mark and what is skipped behind it. */
  #markedUntil = -1;
  /** Offset of the last symbol with two readings. */
  #forkedAt = Number.NEGATIVE_INFINITY;

  constructor(lexicon: Lexicon, { holds = holdsAll, observe, compactAtUnits = COMPACT_AT_UNITS }: ScannerOptions = {}) {
    this.#lexicon = lexicon;
    this.#cells = lexicon.automaton.cells;
    this.#outputs = lexicon.outputs;
    this.#text = new RecentText(compactAtUnits);
    this.#holds = holds;
    this.#docket = new Docket(this.#docketText(), observe);
    this.#others = new OtherReadings(lexicon.automaton, (lane, position, isNew) => {
      if (isNew) this.#plain.changes += 1;
      this.#report(lane, position, lane.reading);
    });
    this.#reader = new MatchReader(lexicon, this.#others);
    this.#spelled = new SpelledWords(lexicon, (pattern, span) => this.#found(pattern, span, true));
    this.#plain = new PlainReading({
      lexicon,
      text: this.#text,
      spelled: this.#spelled,
      docket: this.#docket,
      onOutput: (position) => this.#report(this.#plain, position, APART),
    });
  }

  /** Reads the next piece of text. Never throws, for any string. */
  feed(chunk: string): void {
    this.#compact();
    this.#text.append(chunk, this.#at);
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
    const next = this.#text.piece.charCodeAt(this.#at - this.#text.pieceStart);
    return held === this.#position && (next < 0xd800 || next > 0xdbff) ? held + 1 : held;
  }

  /** Hands over the hits decided since the last call, in the order they were decided. */
  take(): DecidedDetection[] {
    return this.#docket.take();
  }

  get #position(): number {
    return this.#text.base + this.#at;
  }

  #read(): void {
    const [length, docket] = [this.#text.length, this.#docket];
    // A candidate is decided at the very offset that makes it ready: else the cuts of the text would show.
    while (this.#at < length) {
      if (this.#position >= docket.nextReady) docket.settle();
      if (!this.#others.isForked) {
        this.#at = this.#plain.read(this.#at, this.#markedUntil - this.#text.base);
        if (this.#at >= length || this.#position >= docket.nextReady) continue;
      }
      if (!this.#readPoint()) return;
    }
    if (this.#position >= docket.nextReady) docket.settle();
  }

  /** Reads one code point in every way it can be read; `false` when what that takes has not arrived. */
  #readPoint(): boolean {
    const { alphabet } = this.#lexicon;
    const { piece, pieceStart } = this.#text;
    const start = this.#at;
    const index = start - pieceStart;
    let codePoint = piece.charCodeAt(index);
    let found = alphabet.classOf(codePoint);
    if (found === SURROGATE) {
      if (index + 1 >= piece.length && !this.#ended) return false;
      codePoint = piece.codePointAt(index) ?? codePoint;
      found = codePoint > 0xffff ? alphabet.classOf(codePoint) : SEPARATOR_CLASS;
    }
    const end = start + (codePoint > 0xffff ? 2 : 1);
    if (found === SKIP || found === MARK) {
      this.#at = end;
      this.#mark(found === MARK, start, end);
      return true;
    }
    if (found === SEPARATOR_CLASS && (this.#plain.last & UNSPACED_BIT) !== 0 && isSpace(codePoint)) found = JOINER;
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

  /** Behind a sound mark, takes in matches whose last letter it has just made; a second mark behind a letter says nothing. */
  #mark(isMark: boolean, start: number, end: number): void {
    const { base } = this.#text;
    const isSecond = this.#markedUntil === start + base;
    if (isMark || isSecond) this.#markedUntil = end + base;
    if (!isMark || isSecond) return;
    this.#report(this.#plain, end, APART, true);
    for (const lane of this.#others.lanes) if (lane.active) this.#report(lane, end, lane.reading, true);
  }

  /** Reads a character of several symbols; it is one letter of its word all the same. */
  #pushAll(classes: Iterable<number>, start: number, end: number): void {
    const most = this.#plain.letters + 1;
    for (const part of classes) this.#push(part, start, end);
    this.#plain.letters = Math.min(this.#plain.letters, most);
  }

  /** Reads one symbol in the reading that takes symbols as separators. */
  #push(found: number, start: number, end: number): void {
    if (found === SEPARATOR_CLASS) this.#spell(start);
    else if (this.#plain.last !== SEPARATOR_CLASS && ((found ^ this.#plain.last) & UNSPACED_BIT) !== 0) {
      this.#push(SEPARATOR_CLASS, start, start);
    } else if (this.#spelled.endsAfter(this.#plain.last, this.#plain.repeats)) this.#spelled.reset();
    this.#plain.step(found);
    this.#report(this.#plain, end, APART);
  }

  /** Whether a mark before `end` can stand between two letters; `undefined` until the character behind it is here. */
  #mayJoin(end: number): boolean | undefined {
    if (this.#others.isForked || this.#plain.last === SEPARATOR_CLASS) return this.#others.isForked;
    if (end >= this.#text.length) return this.#ended || undefined;
    const { base, piece, pieceStart } = this.#text;
    this.#plain.peekedAt = base + end;
    const next = this.#lexicon.alphabet.classOf(piece.charCodeAt(end - pieceStart));
    // Where scripts meet there is a word edge, mark or no mark.
    return next < FIRST_PLAIN || (next !== SEPARATOR_CLASS && ((next ^ this.#plain.last) & UNSPACED_BIT) === 0);
  }

  /** Takes in the matches that end where a reading stands; `position` is an index of `#text`; behind a sound mark only what ends with one. */
  #report({ state, repeats }: LaneState, position: number, reading: Reading, isMarked = false): void {
    const first = this.#cells[state + OUTPUT] as number;
    if (first === 0) return;
    const { pattern: patternOf, next, firstOther, hasCondition } = this.#outputs;
    const offset = this.#text.base + position;
    const isNearFork = !this.#others.isForked && offset - this.#forkedAt < FORK_REACH;
    const how = this.#reader.how(repeats, reading, isNearFork);
    if (hasCondition[first] === 1) this.#docket.see(first, offset, isMarked ? how + MARKED : how);
    let before: Pattern | undefined;
    let span: Span | undefined;
    for (
      let output = firstOther[first] as number;
      output !== 0;
      output = firstOther[next[output - 1] as number] as number
    ) {
      const number = patternOf[output - 1] as number;
      if (isMarked && !this.#outputs.endsInMark(number)) continue;
      const pattern = this.#lexicon.patterns.get(number);
      // One phrase may be the term of many entries.
      if (!matchesLike(before, pattern)) span = this.#matchBack(pattern, offset, how);
      before = pattern;
      if (span !== undefined) this.#found(pattern, span, false);
    }
  }

  #matchBack(pattern: Pattern, offset: number, how: number): Span | undefined {
    const { base, all } = this.#text;
    const span = this.#reader.match(pattern, { text: all, position: offset - base, how });
    return span && { start: span.start + base, end: span.end + base };
  }

  /** Index of the symbol that stands `symbols` back from `position`. */
  #symbolStart(position: number, symbols: number, reading: Reading): number {
    return this.#lexicon.matcher.symbolStart({ text: this.#text.all, position, reading }, symbols);
  }

  #found(pattern: Pattern, span: Span, spelled: boolean): void {
    const { use } = pattern;
    if (use.kind === 'allow') this.#docket.allow(span);
    else if (use.kind === 'deny') {
      const holds = this.#holds(use.entry.category, use.entry.severity);
      this.#docket.add({ entry: use.entry, pattern, ...span, isClosed: false, spelled, holds, readyAt: span.end });
    }
  }

  /** At a word edge: a word of one letter continues a spelled-out word, any longer one ends it. */
  #spell(at: number): void {
    if (this.#plain.letters > 1) this.#spelled.reset();
    else if (this.#plain.letters === 1) this.#spelled.push(this.#lastLetters(at));
    this.#plain.letters = 0;
  }

  /** What the character, with its repetitions, is read as that is the whole word before `at`. */
  #lastLetters(at: number): SpelledLetter[] {
    const from = this.#symbolStart(at, 1, APART);
    const { base, all } = this.#text;
    return this.#spelled.lettersOf(all.codePointAt(from) ?? 0, { start: from + base, end: at + base });
  }

  /** Start of the earliest match that text waits for and that may still complete. */
  #openStart(): number {
    // What is skipped or repeated changes nothing: without this a flood of it would be read again for every piece.
    const isApart = this.#spelled.endsAfter(this.#plain.last, this.#plain.repeats);
    return this.#open.from(this.#plain.changes * 2 + Number(isApart), this.#position, () => {
      this.#depths ??= this.#lexicon.holdDepths(this.#holds);
      const open = this.#openFrom(this.#depths.plain);
      // A word of several letters ends a spelled-out word, also while it is being read.
      if (this.#plain.letters > 1 || isApart) return open;
      const next = this.#plain.letters === 1 ? this.#lastLetters(this.#at) : [];
      return Math.min(open, this.#spelled.openStart(this.#depths.spelled, { next, otherwise: open }));
    });
  }

  /** Start of the earliest pattern of any reading that may still complete, by depths of the automaton. */
  #openFrom(depths: Depths): number {
    return this.#earliest((state) => depths[state / CELL] ?? 0);
  }

  /** Offset of the symbol that stands so many symbols back as `depthOf` gives for the state of a reading: the earliest of all. */
  #earliest(depthOf: (state: number) => number): number {
    const plain = { active: true, state: this.#plain.state, reading: APART, mark: -1 };
    let open = this.#at;
    for (const { active, state, reading, mark } of [plain, ...this.#others.lanes]) {
      const depth = active ? depthOf(state) : 0;
      if (depth > 0) open = Math.min(open, this.#symbolStart(mark >= 0 ? mark : this.#at, depth, reading));
    }
    return open + this.#text.base;
  }

  #docketText(): ConstructorParameters<typeof Docket>[0] {
    return {
      readable: (start, end) => this.#lexicon.alphabet.withoutSkipped(this.#text.between(start, end, this.#at)),
      conditionIndex: this.#lexicon.conditionIndex,
      outputs: this.#outputs,
      verify: (pattern, position, how) => this.#matchBack(this.#lexicon.patterns.get(pattern), position, how),
      position: () => this.#position,
      needed: () => this.#position + (this.#ended || this.#position === this.#plain.peekedAt ? 1 : 0),
      ended: () => this.#ended,
      allowStart: () =>
        this.#openAllowed.from(this.#plain.changes, this.#position, () => this.#openFrom(this.#lexicon.allowDepths)),
      openStart: () => (this.#holds === holdsAll ? this.#position : this.#openStart()),
      skipFrom: (end) => this.#text.findCharacter(this.#lexicon.alphabet, end, this.#at),
    };
  }

  /** Forgets text that no decision can need. */
  #compact(): void {
    if (!this.#text.isLong(this.#at)) return;
    const { base } = this.#text;
    const needed = Math.min(this.#docket.neededFrom(this.#position), this.#spelled.runStart(this.#position));
    // One symbol more than a state remembers, for what it begins with may go on before; and one for a mark that is read as nothing.
    const back = this.#earliest((state) => this.#lexicon.automaton.depth(state) + 2);
    const open = Math.min(needed, back);
    const cut = this.#text.cutBefore(open - WORD_LOOK_BACK - 2 - base);
    if (cut === 0) return;
    this.#docket.forget(open, base + cut);
    this.#text.forget(cut, this.#at);
    this.#others.forget(cut);
    this.#at -= cut;
  }
}
