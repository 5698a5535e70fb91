import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** A text file that is being read. */
export interface OpenText {
  readonly stream: Readable;
  /** Size in bytes; undefined where it is not known, as for a pipe. */
  readonly sizeBytes: number | undefined;
}

/**
 * Opens a text file for reading, or standard input for `-`.
 * @throws {TypeError} when the file cannot be opened; says why.
 */
export async function openText(file: string): Promise<OpenText> {
  if (file === '-') return { stream: process.stdin, sizeBytes: undefined };
  try {
    const handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      await handle.close();
      throw new TypeError('is a folder');
    }
    return { stream: handle.createReadStream(), sizeBytes: stats.isFile() ? stats.size : undefined };
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new TypeError(reasonOf(cause), { cause });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'ENOENT') return 'does not exist';
  return code === 'EACCES' ? 'may not be read by this user' : `cannot be read (${code})`;
}
