import type { Alphabet } from './alphabet.js';

/**
 * What a scan still keeps of its text. Pieces are read as they come, and joined only when somebody looks back: a text that
 * comes in a thousand pieces is not copied a thousand times.
 */
export class RecentText {
  /** Offset in the whole text of what has the index 0, UTF-16 units. */
  base = 0;
  /** What is being read: the last piece, and before it what was not read of the one before. */
  piece = '';
  /** Index of `piece[0]`. */
  pieceStart = 0;
  #all = '';
  readonly #compactAtUnits: number;
  #longAt: number;

  /** @param compactAtUnits length that has to be read before text is forgotten, UTF-16 units */
  constructor(compactAtUnits: number) {
    this.#compactAtUnits = compactAtUnits;
    this.#longAt = compactAtUnits;
  }

  /** Length of all that is kept, UTF-16 units. */
  get length(): number {
    return this.#all.length;
  }

  /** All that is kept, as one string. O(length) when it is read for the first time after `append`. */
  get all(): string {
    return this.#all;
  }

  /** The text between two offsets, as far as it is kept and was read up to the index `until`. */
  between(start: number, end: number, until: number): string {
    return this.#all.slice(Math.max(0, start - this.base), Math.max(0, Math.min(end - this.base, until)));
  }

  /** Offset of the first character from the offset `from` on that belongs to none before it; `undefined` when none was read up to the index `until`. */
  findCharacter(alphabet: Pick<Alphabet, 'findNextCharacter'>, from: number, until: number): number | undefined {
    const index = from - this.base;
    // A flood of marks is asked about again and again: as long as it goes on, only about what has come.
    const [text, shift] = index < this.pieceStart ? [this.#all, 0] : [this.piece, this.pieceStart];
    const found = alphabet.findNextCharacter(text, index - shift, until - shift);
    return found < 0 ? undefined : found + shift + this.base;
  }

  /** Adds a piece; what is to be read begins at the index `from`. */
  append(chunk: string, from: number): void {
    const unread = from < this.#all.length ? this.piece.slice(from - this.pieceStart) : '';
    this.piece = unread === '' ? chunk : unread + chunk;
    this.pieceStart = from;
    this.#all = this.#all === '' ? chunk : this.#all + chunk;
  }

  /** Whether so much was read that it is time to forget; once it is, only again when it is twice as much. */
  isLong(readUnits: number): boolean {
    if (readUnits < this.#longAt) return false;
    this.#longAt = readUnits * 2;
    return true;
  }

  /** Index before which text can be forgotten, of which nothing before `from` is needed; 0 when that is not worth it. */
  cutBefore(from: number): number {
    if (from < this.#compactAtUnits / 2) return 0;
    // A pair must not be cut.
    return (this.#all.charCodeAt(from) & 0xfc00) === 0xdc00 ? from + 1 : from;
  }

  /** Forgets the text before the index `until`, of `readUnits` that were read: all indexes fall by as much. */
  forget(until: number, readUnits: number): void {
    this.#all = this.#all.slice(until);
    this.pieceStart -= until;
    this.base += until;
    this.#longAt = Math.max(this.#compactAtUnits, (readUnits - until) * 2);
  }
}
