import { constants } from 'node:fs';
import { access, appendFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Resolves when a text can be saved in `file`: to be asked before long work whose result goes there.
 * @throws {TypeError} when it cannot; names the file and says why.
 */
export async function assertCanSave(file: string): Promise<void> {
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw new TypeError(`${file}: is a folder, and a file is to be written`);
  try {
    await access(existing === undefined ? dirname(file) : file, constants.W_OK);
  } catch (cause) {
    const reason = codeOf(cause) === 'ENOENT' ? 'its folder does not exist' : 'may not be written by this user';
    throw new TypeError(`${file}: ${reason}`, { cause });
  }
}

/**
 * Writes a text file, in place of one that is there.
 * @throws {TypeError} when it cannot be written; names the file and says why.
 */
export async function saveText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new TypeError(`${file}: cannot be written (${codeOf(cause)})`, { cause });
  }
}

/**
 * Adds to the end of a text file, which is made when it is not there; two that do so at once do not lose anything.
 * @throws {TypeError} when it cannot be written; names the file and says why.
 */
export async function appendText(file: string, text: string): Promise<void> {
  try {
    await appendFile(file, text);
  } catch (cause) {
    const reason = codeOf(cause) === 'ENOENT' ? 'its folder does not exist' : `cannot be written (${codeOf(cause)})`;
    throw new TypeError(`${file}: ${reason}`, { cause });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
