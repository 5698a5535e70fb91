import { endianness } from 'node:os';
import type { QuantizedTable } from './model-weights.js';

const LITTLE_ENDIAN = endianness() === 'LE';

const LANES = 0x00ff00ff;
/** Rows whose bytes sum up in 16 bits: 257 times 255 is 65535. */
const ROWS_PER_PASS = 257;

/** A table whose rows can be summed. */
export interface RowTable {
  readonly columns: number;
  /** A sum of `n` rows stands for `sum * scale + n * min`. */
  readonly scale: number;
  readonly min: number;
  /** Adds the rows of the first `count` of `buckets` to `sums`, which has an entry per column. */
  addRows(buckets: Int32Array, count: number, sums: Int32Array): void;
}

/** A table of bytes, four columns in each 32-bit word, so that two columns are summed by one addition. */
export class PackedTable implements RowTable {
  readonly columns: number;
  readonly scale: number;
  readonly min: number;
  readonly wordsPerRow: number;
  readonly words: Uint32Array;

  constructor({ values, columns, scale, min }: QuantizedTable) {
    this.columns = columns;
    this.scale = scale;
    this.min = min;
    this.wordsPerRow = Math.ceil(columns / 4);
    this.words =
      LITTLE_ENDIAN && columns % 4 === 0 && values.byteOffset % 4 === 0 ? sameBytes(values) : packed(values, columns);
  }

  addRows(buckets: Int32Array, count: number, sums: Int32Array): void {
    for (let from = 0; from < count; from += ROWS_PER_PASS) {
      this.#addPass(buckets, sums, { from, to: Math.min(count, from + ROWS_PER_PASS) });
    }
  }

  #addPass(buckets: Int32Array, sums: Int32Array, { from, to }: { from: number; to: number }): void {
    const { words, wordsPerRow } = this;
    for (let word = 0; word < wordsPerRow; word++) {
      let even = 0;
      let odd = 0;
      for (let index = from; index < to; index++) {
        const packed = words[(buckets[index] ?? 0) * wordsPerRow + word] ?? 0;
        even = (even + (packed & LANES)) | 0;
        odd = (odd + ((packed >>> 8) & LANES)) | 0;
      }
      const column = word * 4;
      sums[column] = (sums[column] ?? 0) + (even & 0xffff);
      sums[column + 1] = (sums[column + 1] ?? 0) + (odd & 0xffff);
      sums[column + 2] = (sums[column + 2] ?? 0) + (even >>> 16);
      sums[column + 3] = (sums[column + 3] ?? 0) + (odd >>> 16);
    }
  }
}

/** Where the bytes of a word stand in the order of the columns, they are the words already. */
function sameBytes({ buffer, byteOffset, length }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length / 4);
}

function packed(values: Uint8Array, columns: number): Uint32Array {
  const wordsPerRow = Math.ceil(columns / 4);
  const words = new Uint32Array((values.length / columns) * wordsPerRow);
  for (let at = 0, row = 0; at < values.length; row += wordsPerRow) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      const word = row + (column >> 2);
      words[word] = (words[word] ?? 0) | ((values[at] ?? 0) << (8 * (column & 3)));
    }
  }
  return words;
}

/** A running sum of table rows, in integers: the scale of the table is applied once, at the end. */
export class Pool {
  readonly #table: RowTable;
  readonly #sums: Int32Array;
  #count = 0;

  constructor(table: RowTable) {
    this.#table = table;
    this.#sums = new Int32Array(Math.ceil(table.columns / 4) * 4);
  }

  /** Adds the rows of the first `count` of `buckets`. */
  add(buckets: Int32Array, count: number): void {
    this.#table.addRows(buckets, count, this.#sums);
    this.#count += count;
  }

  /** Becomes equal to `other`, a pool of the same table. */
  copyFrom(other: Pool): void {
    this.#sums.set(other.#sums);
    this.#count = other.#count;
  }

  /** Becomes empty. */
  reset(): void {
    this.#sums.fill(0);
    this.#count = 0;
  }

  /** Adds the sum of the rows, divided by the square root of their number, to `to`. */
  addTo(to: Float64Array): void {
    if (this.#count === 0) return;
    const norm = 1 / Math.sqrt(this.#count);
    const factor = this.#table.scale * norm;
    const offset = this.#table.min * this.#count * norm;
    for (let column = 0; column < to.length; column++) {
      to[column] = (to[column] ?? 0) + (this.#sums[column] ?? 0) * factor + offset;
    }
  }
}
