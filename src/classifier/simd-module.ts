/** Rows whose bytes sum up in 16 bits: 257 times 255 is 65535. */
const ROWS_PER_PASS = 257;

// Opcodes. Source: WebAssembly core specification, version 2.0, section 5.4.
const [I32, V128, VOID] = [0x7f, 0x7b, 0x40];
const [LOOP, END, BR_IF, SELECT] = [0x03, 0x0b, 0x0d, 0x1b];
const [GET, SET, TEE] = [0x20, 0x21, 0x22];
const [LOAD, CONST, LESS, ADD, SHIFT_LEFT] = [0x28, 0x41, 0x49, 0x6a, 0x74];
const vector = (...opcode: readonly number[]): number[] => [0xfd, ...opcode];
const LOAD_VECTOR = vector(0x00);
const STORE_VECTOR = vector(0x0b);
const ZERO = vector(0x0c, ...new Array<number>(16).fill(0));
const LOW_BYTES = vector(0x89, 0x01);
const HIGH_BYTES = vector(0x8a, 0x01);
const ADD_SHORTS = vector(0x8e, 0x01);
const LOW_SHORTS = vector(0xa9, 0x01);
const HIGH_SHORTS = vector(0xaa, 0x01);
const ADD_WORDS = vector(0xae, 0x01);

// Parameters: first byte of the columns, logarithm of the bytes of a row, the list from here to there, sums of 16 columns.
const [TABLE, ROW_SHIFT, LIST, LIST_END, SUMS] = [0, 1, 2, 3, 4];
const [STOP, LOW, HIGH, ROW] = [5, 6, 7, 8];

/** Adds four sums of 16 bits to the sums of 32 bits that stand `offset` bytes behind the first. */
const flush = (from: number, widen: readonly number[], offset: number): number[] => [
  ...[GET, SUMS, GET, SUMS, ...LOAD_VECTOR, 4, offset],
  ...[GET, from, ...widen, ...ADD_WORDS, ...STORE_VECTOR, 4, offset],
];

/**
 * Body of the one function: for every pass, both halves of 16 columns are summed in 16 bits, one row after the other, and
 * then added to the sums in memory. The list must not be empty.
 */
const BODY = [
  ...[2, 1, I32, 3, V128],
  ...[LOOP, VOID],
  // stop = min(list + one pass, list end)
  ...[GET, LIST, CONST, ...leb(ROWS_PER_PASS * 4, true), ADD, TEE, STOP, GET, LIST_END],
  ...[GET, STOP, GET, LIST_END, LESS, SELECT, SET, STOP],
  ...[...ZERO, SET, LOW, ...ZERO, SET, HIGH],
  ...[LOOP, VOID],
  ...[GET, TABLE, GET, LIST, LOAD, 2, 0, GET, ROW_SHIFT, SHIFT_LEFT, ADD, ...LOAD_VECTOR, 4, 0, TEE, ROW],
  ...[...LOW_BYTES, GET, LOW, ...ADD_SHORTS, SET, LOW],
  ...[GET, ROW, ...HIGH_BYTES, GET, HIGH, ...ADD_SHORTS, SET, HIGH],
  ...[GET, LIST, CONST, 4, ADD, TEE, LIST, GET, STOP, LESS, BR_IF, 0],
  END,
  ...flush(LOW, LOW_SHORTS, 0),
  ...flush(LOW, HIGH_SHORTS, 16),
  ...flush(HIGH, LOW_SHORTS, 32),
  ...flush(HIGH, HIGH_SHORTS, 48),
  ...[GET, LIST, GET, LIST_END, LESS, BR_IF, 0],
  END,
  END,
];

/** An integer in the variable-length form of WebAssembly. */
function leb(value: number, isSigned = false): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= (isSigned ? 0x40 : 0x80)) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

const named = (name: string): number[] => [name.length, ...Buffer.from(name)];

/**
 * The bytes of a WebAssembly module that sums rows of bytes, 16 columns at once: a memory `env.memory` is imported, a function
 * `add` exported. Written out here, so that neither a build nor an install needs a compiler of its own.
 */
export function simdModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, ...named('env'), ...named('memory'), 0x02, 0x00, 0x01]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...named('add'), 0x00, 0]),
    ...section(10, [1, ...leb(BODY.length), ...BODY]),
  ]);
}
