import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/**
 * Opens a text file for reading, or standard input for `-`.
 * @throws {Error} when the file cannot be opened.
 */
export async function openText(file: string): Promise<Readable> {
  return file === '-' ? process.stdin : (await open(file)).createReadStream();
}
