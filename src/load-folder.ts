import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of a folder. */
export interface FolderFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * The files of a folder whose names end in one of `endings`, by name.
 * @throws {TypeError} when the folder cannot be read or holds none; says why.
 */
export async function listFiles(folder: string, endings: readonly string[]): Promise<FolderFile[]> {
  const names = await readNames(folder);
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending))).sort();
  const files = await Promise.all(wanted.map((name) => describe(folder, name)));
  const found = files.filter((file) => file !== undefined);
  if (found.length === 0) throw new TypeError(`${folder}: holds no ${endings.join(' or ')} file`);
  return found;
}

async function readNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    const reasons: Readonly<Record<string, string>> = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder' };
    throw new TypeError(`${folder}: ${reasons[code] ?? `cannot be read (${code})`}`, { cause });
  }
}

async function describe(folder: string, name: string): Promise<FolderFile | undefined> {
  const path = join(folder, name);
  // A file that is gone, or may not be read, is named when it is opened.
  const stats = await stat(path).catch(() => undefined);
  return stats?.isDirectory() ? undefined : { name, path, sizeBytes: stats?.size ?? 0 };
}
