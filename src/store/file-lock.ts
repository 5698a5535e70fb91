import { rmSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

/**
 * A lock that one process at a time can hold, and that the operating system frees when the process dies, however it dies. Node has
 * no such lock, SQLite has: it is an exclusive transaction on an empty database file.
 */
export class FileLock {
  readonly #path: string;
  readonly #connection: Sqlite.Database;

  private constructor(path: string, connection: Sqlite.Database) {
    this.#path = path;
    this.#connection = connection;
  }

  /** Returns the lock, or undefined while another process or another lock of this one has it. Throws when the file cannot be written. */
  static take(path: string): FileLock | undefined {
    const connection = new Sqlite(path, { timeout: 0 });
    try {
      connection.exec('BEGIN EXCLUSIVE');
      return new FileLock(path, connection);
    } catch (error) {
      connection.close();
      const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
      if (code.startsWith('SQLITE_BUSY')) return undefined;
      throw error;
    }
  }

  /** Gives the lock back; its file goes with `remove`. */
  release({ remove }: { readonly remove: boolean }): void {
    // While it is held: afterwards it might be that of another process.
    if (remove) rmSync(this.#path, { force: true });
    this.#connection.close();
  }
}
