import type { LexiconDetection, Span } from '../core/index.js';
import { isSpace, reads, SEPARATOR } from '../text/index.js';
import {
  EXPAND,
  FIRST_PLAIN,
  isSkipped,
  JOINER,
  LEET,
  MARK,
  SEPARATOR_CLASS,
  SKIP,
  STEP_MASK,
  SURROGATE,
  UNSPACED_BIT,
} from './alphabet.js';
import type { Reading } from './back-reader.js';
import type { Holds, Lexicon } from './build.js';
import { BASE, CELL, FAIL, OUTPUT, ROOT } from './cells.js';
import { type Candidate, type DecidedDetection, Docket, type Outcome } from './docket.js';
import type { Pattern } from './pattern.js';
import { WORD_LOOK_BACK } from './word-check.js';

/** How a scanner is to work. */
export interface ScannerOptions {
  /** Which hits text waits for; all when left out. */
  readonly holds?: Holds;
  /** Told of every match and what became of it. */
  readonly observe?: (candidate: Candidate, outcome: Outcome) => void;
}

interface Letter {
  readonly unit: number;
  /** Whether the character begins with it. */
  readonly isFirst: boolean;
  readonly start: number;
  readonly end: number;
}

/** Text kept behind the earliest offset that a decision can need, before the buffer is cut. */
const COMPACT_AT_UNITS = 8192;
/** More single-letter words in a row than any term has letters. */
const MAX_SPELLED = 256;
/** Farther behind a symbol with two readings than any match can begin, UTF-16 units. */
const FORK_REACH = 4096;
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
  #ended = false;
  /** The reading that takes symbols as separators. */
  #state = ROOT;
  #last = SEPARATOR_CLASS;
  /** Repetitions of the last symbol beyond the first. */
  #repeats = 0;
  /** Letters since the last separator, repetitions taken together. */
  #letters = 0;
  /** The reading that takes symbols as letters; runs from such a symbol until both readings agree again. */
  readonly #joined = { active: false, state: ROOT, last: SEPARATOR_CLASS, repeats: 0, joiner: -1 };
  #spelledState = ROOT;
  #spelledRun: Letter[] = [];
  /** Asked for at the first release point: a whole text has none. */
  #depths: ReturnType<Lexicon['holdDepths']> | undefined;
  /** Counts the symbols read that were no repetition. */
  #changes = 0;
  /** Last answer of `#openStart`, and `#changes` at that time. */
  #open: number | undefined;
  #openChanges = -1;
  /** Offset of the last symbol with two readings. */
  #forkedAt = Number.NEGATIVE_INFINITY;

  constructor(lexicon: Lexicon, { holds = holdsAll, observe }: ScannerOptions = {}) {
    this.#lexicon = lexicon;
    this.#holds = holds;
    this.#docket = new Docket(this.#docketText(), observe);
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
    this.#separate(this.#at);
    this.#docket.settle();
  }

  /** Offset before which no later hit begins that text waits for, UTF-16 units. */
  get releasePoint(): number {
    if (this.#ended) return this.#position;
    return this.#docket.heldFrom(this.#openStart());
  }

  /** Hands over the hits decided since the last call, in the order they were decided. */
  take(): DecidedDetection[] {
    return this.#docket.take();
  }

  get #position(): number {
    return this.#base + this.#at;
  }

  #read(): void {
    const length = this.#text.length;
    const docket = this.#docket;
    // A candidate is decided at the very offset that makes it ready: else the cuts of the text would show.
    while (this.#at < length) {
      if (this.#position >= docket.nextReady) docket.settle();
      if (!this.#joined.active) {
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
    const { automaton, alphabet } = this.#lexicon;
    const { cells } = automaton;
    const { classes } = alphabet;
    const text = this.#text;
    let at = this.#at;
    let state = this.#state;
    let last = this.#last;
    let letters = this.#letters;
    let repeats = this.#repeats;
    const from = at;
    const repeatsBefore = repeats;
    const isSpelling = this.#spelledRun.length > 0;
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
      this.#report({ state, run: repeats + 1, position: at, reading: 'apart' });
      if (this.#docket.nextReady - this.#base < limit) break;
    }
    this.#at = at;
    if (repeats - repeatsBefore !== at - from) this.#changes += 1;
    this.#state = state;
    this.#last = last;
    this.#letters = letters;
    this.#repeats = repeats;
  }

  /** Reads one code point in every way it can be read; `false` when its second half has not arrived. */
  #readPoint(): boolean {
    const { alphabet } = this.#lexicon;
    const text = this.#text;
    const start = this.#at;
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
    if (found === LEET || (found === JOINER && this.#mayJoin(end))) this.#fork();
    if (found === JOINER) this.#join(start);
    else if (found === EXPAND || found === LEET) this.#pushJoined(alphabet.expansion(codePoint), start, end);
    else this.#pushJoined([found], start, end);
    if (found === LEET || found === JOINER) this.#push(SEPARATOR_CLASS, start, end);
    else if (found === EXPAND) this.#pushAll(alphabet.expansion(codePoint), start, end);
    else this.#push(found, start, end);
    this.#at = end;
    this.#merge();
    return true;
  }

  /** Takes in matches whose last letter a voiced mark has just changed. */
  #reportAgain(position: number): void {
    const { active, state, repeats } = this.#joined;
    this.#report({ state: this.#state, run: this.#repeats + 1, position, reading: 'apart' });
    if (active) this.#report({ state, run: repeats + 1, position, reading: 'joined' });
  }

  /** Reads a character of several symbols; it is one letter of its word all the same. */
  #pushAll(classes: Uint32Array, start: number, end: number): void {
    const letters = this.#letters;
    for (const part of classes) this.#push(part, start, end);
    if (this.#letters > letters + 1) this.#letters = letters + 1;
  }

  /** Reads one symbol in the reading that takes symbols as separators. */
  #push(found: number, start: number, end: number): void {
    if (found === SEPARATOR_CLASS) this.#spell(start);
    else if (this.#last !== SEPARATOR_CLASS && ((found ^ this.#last) & UNSPACED_BIT) !== 0) {
      this.#push(SEPARATOR_CLASS, start, start);
    }
    if (found === this.#last) this.#repeats += 1;
    else {
      this.#state = this.#lexicon.automaton.next(this.#state, (found & STEP_MASK) / CELL);
      this.#last = found;
      this.#repeats = 0;
      this.#changes += 1;
      if (found !== SEPARATOR_CLASS) this.#letters += 1;
    }
    this.#report({ state: this.#state, run: this.#repeats + 1, position: end, reading: 'apart' });
  }

  /** Whether a mark before `end` can stand between two letters, as far as the text read so far tells. */
  #mayJoin(end: number): boolean {
    if (this.#joined.active) return true;
    if (this.#last === SEPARATOR_CLASS) return false;
    return end >= this.#text.length || this.#lexicon.alphabet.classOf(this.#text.charCodeAt(end)) !== SEPARATOR_CLASS;
  }

  /** Starts the other reading at a symbol that has two, unless it runs already. */
  #fork(): void {
    this.#forkedAt = this.#position;
    if (this.#joined.active) return;
    Object.assign(this.#joined, {
      active: true,
      state: this.#state,
      last: this.#last,
      repeats: this.#repeats,
      joiner: -1,
    });
  }

  /** Ends the other reading once nothing that follows can tell the two apart. */
  #merge(): void {
    const { active, state, last, joiner } = this.#joined;
    if (active && joiner < 0 && state === this.#state && last === SEPARATOR_CLASS && this.#last === SEPARATOR_CLASS) {
      this.#joined.active = false;
    }
  }

  /** Takes a mark that may join the letters around it. */
  #join(start: number): void {
    const joined = this.#joined;
    if (!joined.active) return;
    if (joined.joiner >= 0 || joined.last === SEPARATOR_CLASS) this.#separateJoined(start);
    else joined.joiner = start;
  }

  #pushJoined(classes: Iterable<number>, start: number, end: number): void {
    const joined = this.#joined;
    if (!joined.active) return;
    for (const found of classes) {
      if (joined.joiner >= 0 && found === SEPARATOR_CLASS) this.#separateJoined(start);
      joined.joiner = -1;
      if (
        found !== SEPARATOR_CLASS &&
        joined.last !== SEPARATOR_CLASS &&
        ((found ^ joined.last) & UNSPACED_BIT) !== 0
      ) {
        this.#stepJoined(SEPARATOR_CLASS, start);
      }
      this.#stepJoined(found, end);
    }
  }

  #separateJoined(position: number): void {
    this.#joined.joiner = -1;
    this.#stepJoined(SEPARATOR_CLASS, position);
  }

  #stepJoined(found: number, position: number): void {
    const joined = this.#joined;
    if (found === joined.last) joined.repeats += 1;
    else {
      joined.state = this.#lexicon.automaton.next(joined.state, (found & STEP_MASK) / CELL);
      joined.last = found;
      joined.repeats = 0;
      this.#changes += 1;
    }
    this.#report({ state: joined.state, run: joined.repeats + 1, position, reading: 'joined' });
  }

  /** Puts a word edge at `at`, the end of the text. */
  #separate(at: number): void {
    if (this.#joined.active) this.#separateJoined(at);
    this.#push(SEPARATOR_CLASS, at, at);
  }

  /** Takes in the matches that end at `state`, whose last symbol has `run` repetitions; `position` is an index of `#text`. */
  #report({ state, run, position, reading }: { state: number; run: number; position: number; reading: Reading }): void {
    const { automaton, patterns } = this.#lexicon;
    const { outputPattern, outputNext } = automaton;
    let output = automaton.cells[state + OUTPUT] ?? 0;
    while (output !== 0) {
      const pattern = patterns.get(outputPattern[output - 1] ?? 0);
      output = outputNext[output - 1] ?? 0;
      if (pattern.lastRun !== run) continue;
      const span = this.#matchBack(pattern, position, reading);
      if (span !== undefined && this.#isExact(pattern, span)) this.#found(pattern, span, false);
    }
  }

  #matchBack(pattern: Pattern, position: number, reading: Reading): Span | undefined {
    const text = this.#text;
    let span = this.#lexicon.matcher.match({ text, position, reading }, pattern);
    // The readings may have met again behind a symbol that only the other one takes as this term does.
    const mayDiffer = !this.#joined.active && this.#base + position - this.#forkedAt < FORK_REACH;
    if (span === undefined && mayDiffer)
      span = this.#lexicon.matcher.match({ text, position, reading: 'joined' }, pattern);
    return span === undefined ? undefined : { start: span.start + this.#base, end: span.end + this.#base };
  }

  /** Index of the symbol that stands `symbols` back from `position`. */
  #symbolStart(position: number, symbols: number, reading: Reading): number {
    return this.#lexicon.matcher.symbolStart({ text: this.#text, position, reading }, symbols);
  }

  #isExact({ use, phrase }: Pattern, { start, end }: Span): boolean {
    if (use.kind !== 'deny' || !use.entry.exact) return true;
    const plain = (text: string): string =>
      text
        .normalize('NFKC')
        .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
        .replace(/\s+/gu, ' ');
    return plain(this.#text.slice(start - this.#base, end - this.#base)) === plain(phrase.text);
  }

  #found(pattern: Pattern, span: Span, spelled: boolean): void {
    const { use } = pattern;
    if (use.kind === 'allow') this.#docket.allow(span);
    else if (use.kind === 'condition') this.#docket.see(use.number, span);
    else {
      const { entry } = use;
      this.#docket.add({ entry, pattern, ...span, spelled, holds: this.#holds(entry.category, entry.severity) });
    }
  }

  /** At a word edge: a word of one letter continues a spelled-out word, any longer one ends it. */
  #spell(at: number): void {
    const letters = this.#letters;
    this.#letters = 0;
    if (letters === 0) return;
    if (letters > 1) {
      this.#spelledState = ROOT;
      this.#spelledRun = [];
      return;
    }
    const { spelled, spelledPatterns, alphabet } = this.#lexicon;
    for (const letter of this.#lastLetters(at)) {
      this.#spelledRun.push(letter);
      if (this.#spelledRun.length > MAX_SPELLED) this.#spelledRun.shift();
      this.#spelledState = spelled.next(this.#spelledState, alphabet.symbolOf(letter.unit));
    }
    for (const index of spelled.outputs(this.#spelledState)) {
      const pattern = spelledPatterns.get(index);
      const size = pattern.units.length;
      const run = this.#spelledRun.slice(-size);
      const [first] = run;
      if (first?.isFirst !== true || !run.every(({ unit }, i) => reads(unit, pattern.units[i] ?? SEPARATOR))) continue;
      // Few letters spelled inside a longer run are chance ("a b c d"); the whole run is not.
      if (size > 3 || this.#spelledRun.length === size) {
        this.#found(pattern, { start: first.start, end: run.at(-1)?.end ?? first.end }, true);
      }
    }
  }

  /** What the character, with its repetitions, is read as that is the whole word before `at`. */
  #lastLetters(at: number): Letter[] {
    const start = this.#symbolStart(at, 1, 'apart');
    const units = this.#lexicon.alphabet.fold.units(this.#text.codePointAt(start) ?? 0);
    if (units[0] === undefined || units[0] === SEPARATOR) return [];
    const span = { start: start + this.#base, end: at + this.#base };
    return units.map((unit, index) => ({ unit, ...span, isFirst: index === 0 }));
  }

  /** Start of the earliest match that text waits for and that may still complete. */
  #openStart(): number {
    // What is skipped or repeated changes nothing: without this a flood of it would be read again for every piece.
    if (this.#changes === this.#openChanges) return this.#open ?? this.#position;
    this.#depths ??= this.#lexicon.holdDepths(this.#holds);
    const depths = this.#depths;
    const joined = this.#joined;
    let open = this.#openFrom(this.#state, { depths: depths.plain, reading: 'apart', at: this.#at });
    if (joined.active) {
      const at = joined.joiner >= 0 ? joined.joiner : this.#at;
      open = Math.min(open, this.#openFrom(joined.state, { depths: depths.plain, reading: 'joined', at }));
    }
    const spelledDepth = depths.spelled[this.#spelledState / CELL] ?? 0;
    const letter = this.#spelledRun[this.#spelledRun.length - spelledDepth];
    if (spelledDepth > 0 && letter !== undefined) open = Math.min(open, letter.start);
    // The word being read may turn out to be a single letter that begins a spelled-out word.
    if (this.#letters === 1) open = Math.min(open, this.#symbolStart(this.#at, 1, 'apart') + this.#base);
    this.#openChanges = this.#changes;
    this.#open = open < this.#position ? open : undefined;
    return open;
  }

  #openFrom(state: number, { depths, reading, at }: { depths: Uint16Array; reading: Reading; at: number }): number {
    const depth = depths[state / CELL] ?? 0;
    return (depth === 0 ? this.#at : Math.min(this.#at, this.#symbolStart(at, depth, reading))) + this.#base;
  }

  #docketText(): ConstructorParameters<typeof Docket>[0] {
    const scanner = this;
    return {
      readable: (start, end) => scanner.#readable(start, end),
      conditionPhrases: scanner.#lexicon.conditionPhrases,
      get position() {
        return scanner.#position;
      },
      get ended() {
        return scanner.#ended;
      },
      allowStart: () => scanner.#allowStart(),
      skipFrom: (end) => scanner.#skipFrom(end),
    };
  }

  #readable(start: number, end: number): string {
    const { alphabet } = this.#lexicon;
    const part = this.#text.slice(Math.max(0, start - this.#base), Math.max(0, Math.min(end - this.#base, this.#at)));
    return [...part].filter((char) => !isSkipped(alphabet.classOf(char.codePointAt(0) ?? 0))).join('');
  }

  #allowStart(): number {
    const { allowDepths } = this.#lexicon;
    const { active, state, joiner } = this.#joined;
    const open = this.#openFrom(this.#state, { depths: allowDepths, reading: 'apart', at: this.#at });
    if (!active) return open;
    const at = joiner >= 0 ? joiner : this.#at;
    return Math.min(open, this.#openFrom(state, { depths: allowDepths, reading: 'joined', at }));
  }

  #skipFrom(end: number): number | undefined {
    const { alphabet } = this.#lexicon;
    for (let at = end - this.#base; at < this.#at; ) {
      const codePoint = this.#text.codePointAt(at) ?? 0;
      if (!isSkipped(alphabet.classOf(codePoint))) return at + this.#base;
      at += codePoint > 0xffff ? 2 : 1;
    }
    return undefined;
  }

  /** Forgets text that no decision can need. */
  #compact(): void {
    if (this.#at < COMPACT_AT_UNITS) return;
    const { automaton } = this.#lexicon;
    const open = Math.min(
      this.#docket.neededFrom(this.#position),
      this.#symbolStart(this.#at, automaton.depth(this.#state) + 1, 'apart') + this.#base,
      this.#joined.active
        ? this.#symbolStart(this.#at, automaton.depth(this.#joined.state) + 2, 'joined') + this.#base
        : this.#position,
      this.#spelledRun[0]?.start ?? this.#position,
    );
    const from = Math.max(0, open - WORD_LOOK_BACK - 2 - this.#base);
    if (from < COMPACT_AT_UNITS / 2) return;
    // A pair must not be cut.
    const isLow = this.#text.charCodeAt(from) >= 0xdc00 && this.#text.charCodeAt(from) <= 0xdfff;
    const cut = isLow ? from + 1 : from;
    this.#text = this.#text.slice(cut);
    this.#base += cut;
    this.#at -= cut;
    this.#docket.forget(this.#base);
  }
}

/** Scans a whole text: the same scanner, fed once. */
export function scanText(lexicon: Lexicon, text: string): LexiconDetection[] {
  const scanner = new LexiconScanner(lexicon);
  scanner.feed(text);
  scanner.end();
  return scanner.take().map(({ decidedAt: _, ...detection }) => detection);
}
