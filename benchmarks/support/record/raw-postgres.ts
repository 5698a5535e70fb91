import { Client, type Connection } from 'pg';
import type { SqlValue } from '../../../src/store/index.js';
import { hitColumns } from './hit-rows.js';

/** What the driver does with a statement of our own making; its types do not name all of it. */
interface CopyConnection extends Connection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** One COPY of rows, as the driver takes what is not a plain query. */
class CopyRows {
  readonly #sql: string;
  readonly #lines: string;
  readonly #settle: (error?: Error) => void;

  constructor(sql: string, { lines, settle }: { lines: string; settle: (error?: Error) => void }) {
    this.#sql = sql;
    this.#lines = lines;
    this.#settle = settle;
  }

  submit(connection: Connection): void {
    (connection as CopyConnection).query(this.#sql);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(Buffer.from(this.#lines));
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#settle();
  }

  handleError(error: Error): void {
    this.#settle(error);
  }
}

/** Inserts rows into tables that the store has made, as the driver does it: each call one transaction. */
export interface RawPostgres {
  /** COPY in text format. */
  copy(rows: readonly SqlValue[][]): Promise<void>;
  /** One INSERT with a placeholder for every value. */
  insert(rows: readonly SqlValue[][]): Promise<void>;
  close(): Promise<void>;
}

/** Connects to the schema that a store URL names. */
export async function openRawPostgres(server: string, schema: string): Promise<RawPostgres> {
  const client = new Client({ connectionString: server, options: `-c search_path=${schema}` });
  await client.connect();
  const columns = hitColumns();
  const into = `hits (${columns.join(', ')})`;
  return {
    copy: (rows) =>
      new Promise((resolve, reject) => {
        const lines = rows.map((row) => `${row.map(copyValue).join('\t')}\n`).join('');
        const settle = (error?: Error): void => (error === undefined ? resolve() : reject(error));
        client.query(new CopyRows(`COPY ${into} FROM STDIN`, { lines, settle }));
      }),
    async insert(rows) {
      const places = rows.map((_, row) => `(${columns.map((_, at) => `$${row * columns.length + at + 1}`).join()})`);
      const text = `INSERT INTO ${into} VALUES ${places.join()}`;
      await client.query({ name: `insert ${rows.length}`, text, values: rows.flat() });
    },
    close: () => client.end(),
  };
}

function copyValue(value: SqlValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return `\\\\x${Buffer.from(value).toString('hex')}`;
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (char) => `\\${char}`) : value;
}
