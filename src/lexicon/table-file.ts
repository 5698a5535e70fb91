/** A typed array of a table file. */
export type Table = Uint8Array | Uint16Array | Uint32Array | Int32Array;

const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array } as const;
type Kind = keyof typeof KINDS;

interface Head {
  readonly about: unknown;
  /** Kind, offset behind the head, and length of each table. */
  readonly tables: Readonly<Record<string, readonly [Kind, number, number]>>;
}

/** Every table begins at a multiple of this. */
const ALIGNMENT = 8;
/** Bytes that hold the length of the head. */
const LENGTH_BYTES = 4;

/**
 * One buffer with all tables one after the other, behind a head that says what they are. The tables of `splitTables` are views of it, so
 * that nothing is copied, neither when a file of it is read nor when a thread hands it to another.
 * @param about - what JSON can hold
 */
export function joinTables(about: unknown, tables: Readonly<Record<string, Table>>): ArrayBuffer {
  const places: Record<string, readonly [Kind, number, number]> = {};
  let size = 0;
  for (const [name, table] of Object.entries(tables)) {
    places[name] = [kindOf(table), size, table.length];
    size = aligned(size + table.byteLength);
  }
  const head = Buffer.from(JSON.stringify({ about, tables: places } satisfies Head));
  const start = aligned(LENGTH_BYTES + head.length);
  const joined = new ArrayBuffer(start + size);
  const bytes = new Uint8Array(joined);
  new DataView(joined).setUint32(0, head.length, true);
  bytes.set(head, LENGTH_BYTES);
  for (const [name, table] of Object.entries(tables)) {
    const [, offset] = places[name] ?? ['u8', 0, 0];
    bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), start + offset);
  }
  return joined;
}

/** What `joinTables` joined. */
export function splitTables(joined: ArrayBuffer): { about: unknown; tables: TableReader } {
  const length = new DataView(joined).getUint32(0, true);
  const { about, tables } = JSON.parse(Buffer.from(joined, LENGTH_BYTES, length).toString()) as Head;
  const start = aligned(LENGTH_BYTES + length);
  const views = Object.entries(tables).map(
    ([name, [kind, offset, count]]) => [name, new KINDS[kind](joined, start + offset, count)] as const,
  );
  return { about, tables: new TableReader(new Map(views)) };
}

/** Tables by name and kind. */
export class TableReader {
  readonly #tables: ReadonlyMap<string, Table>;

  constructor(tables: ReadonlyMap<string, Table>) {
    this.#tables = tables;
  }

  /** @throws {TypeError} as the others do, when there is none of that name and kind. */
  u8(name: string): Uint8Array {
    const table = this.#tables.get(name);
    return table instanceof Uint8Array ? table : this.#missing(name);
  }

  u32(name: string): Uint32Array {
    const table = this.#tables.get(name);
    return table instanceof Uint32Array ? table : this.#missing(name);
  }

  i32(name: string): Int32Array {
    const table = this.#tables.get(name);
    return table instanceof Int32Array ? table : this.#missing(name);
  }

  /** Numbers of one byte or two. */
  u8or16(name: string): Uint8Array | Uint16Array {
    const table = this.#tables.get(name);
    return table instanceof Uint8Array || table instanceof Uint16Array ? table : this.#missing(name);
  }

  #missing(name: string): never {
    throw new TypeError(`the packed lists have no table ${name}`);
  }
}

function kindOf(table: Table): Kind {
  if (table instanceof Uint8Array) return 'u8';
  if (table instanceof Uint16Array) return 'u16';
  return table instanceof Uint32Array ? 'u32' : 'i32';
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
