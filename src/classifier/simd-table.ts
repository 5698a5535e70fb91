import type { QuantizedTable } from './model-weights.js';
import type { RowTable } from './pool.js';
import { simdModule } from './simd-module.js';

/** Buckets that one call of the module takes. */
const LIST_LENGTH = 4096;
const LANES = 16;
const PAGE_BYTES = 65_536;

type AddRows = (table: number, rowShift: number, list: number, listEnd: number, sums: number) => void;

/** A table of bytes in the memory of a WebAssembly module, which sums 16 columns by one instruction. */
export class SimdTable implements RowTable {
  readonly columns: number;
  readonly scale: number;
  readonly min: number;
  readonly #add: AddRows;
  readonly #list: Int32Array;
  readonly #sums: Int32Array;
  readonly #rowShift: number;
  readonly #rowsAt: number;

  private constructor(module: WebAssembly.Module, { values, columns, scale, min }: QuantizedTable) {
    this.columns = columns;
    this.scale = scale;
    this.min = min;
    this.#rowShift = Math.ceil(Math.log2(Math.max(columns, LANES)));
    const rowBytes = 1 << this.#rowShift;
    const sumsAt = LIST_LENGTH * 4;
    this.#rowsAt = sumsAt + rowBytes * 4;
    const rows = values.length / columns;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((this.#rowsAt + rows * rowBytes) / PAGE_BYTES) });
    this.#list = new Int32Array(memory.buffer, 0, LIST_LENGTH);
    this.#sums = new Int32Array(memory.buffer, sumsAt, rowBytes);
    const bytes = new Uint8Array(memory.buffer, this.#rowsAt);
    if (columns === rowBytes) bytes.set(values);
    else {
      for (let row = 0, from = 0; row < rows; row += 1) {
        for (let to = row * rowBytes; to < row * rowBytes + columns; to += 1, from += 1)
          bytes[to] = values[from] as number;
      }
    }
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#add = exports['add'] as AddRows;
  }

  /** Moves tables into WebAssembly; `undefined` where that has no vector instructions. */
  static move(...tables: readonly QuantizedTable[]): SimdTable[] | undefined {
    // Without a compiler that may run at all, there is no such object.
    if (typeof WebAssembly === 'undefined') return undefined;
    const bytes = simdModule();
    if (!WebAssembly.validate(bytes)) return undefined;
    const module = new WebAssembly.Module(bytes);
    return tables.map((table) => new SimdTable(module, table));
  }

  addRows(buckets: Int32Array, count: number, sums: Int32Array): void {
    const list = this.#list;
    const own = this.#sums;
    for (let from = 0; from < count; from += LIST_LENGTH) {
      const length = Math.min(LIST_LENGTH, count - from);
      for (let at = 0; at < length; at += 1) list[at] = buckets[from + at] as number;
      own.fill(0);
      for (let column = 0; column < this.columns; column += LANES) {
        this.#add(this.#rowsAt + column, this.#rowShift, 0, length * 4, own.byteOffset + column * 4);
      }
      for (let column = 0; column < this.columns; column += 1) {
        sums[column] = (sums[column] as number) + (own[column] as number);
      }
    }
  }
}
