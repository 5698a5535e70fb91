import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A text that changes whenever one of the files, or a file with one of the extensions in one of the folders, changes, comes or goes.
 * Follows links, so that a link that points elsewhere counts as a change. Never throws.
 */
export async function fingerprintOf(paths: readonly string[], extensions: readonly string[]): Promise<string> {
  const stamps = await Promise.all(paths.map((path) => stampsOf(path, extensions)));
  return stamps.flat().join('\n');
}

async function stampsOf(path: string, extensions: readonly string[]): Promise<string[]> {
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) return [`${path} ${stats.ino} ${stats.size} ${stats.mtimeMs}`];
    const entries = await readdir(path, { withFileTypes: true });
    const inside = entries
      .filter((entry) => entry.isDirectory() || extensions.some((extension) => entry.name.endsWith(extension)))
      .map((entry) => join(path, entry.name))
      .sort();
    return [path, ...(await Promise.all(inside.map((entry) => stampsOf(entry, extensions)))).flat()];
  } catch {
    // What is missing now and readable later has changed.
    return [`${path} cannot be read`];
  }
}
