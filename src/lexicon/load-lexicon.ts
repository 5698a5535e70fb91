import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CATEGORIES, isCategory, LexiconError } from '../core/index.js';
import { buildLexicon, type Lexicon } from './build.js';
import type { ParsedList } from './entry.js';
import { parseList } from './parse-list.js';

/** Folder of the lists that ship with the package. */
export const BUILTIN_LISTS = resolve(__dirname, '../../models/lexicon');

/** Which lists to load. */
export interface LexiconOptions {
  /** `builtin`, list files, or folders of `<language>/<category>.txt`. */
  readonly lists: readonly string[];
  /** Folder that relative paths start from. */
  readonly baseDir: string;
}

/**
 * Loads and builds the lists.
 * @throws {LexiconError} when a path is missing, a file is not named after a category, or a line is bad.
 */
export function loadLexicon({ lists, baseDir }: LexiconOptions): Lexicon {
  const issues: LexiconError['issues'][number][] = [];
  const parsed: ParsedList[] = [];
  for (const list of lists) {
    for (const file of findFiles(list === 'builtin' ? BUILTIN_LISTS : resolve(baseDir, list))) {
      try {
        parsed.push(readList(file));
      } catch (error) {
        if (!(error instanceof LexiconError)) throw error;
        issues.push(...error.issues);
      }
    }
  }
  if (issues.length > 0) throw new LexiconError(issues);
  return buildLexicon(parsed);
}

function findFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        if (entry.isDirectory()) return findFiles(join(path, entry.name));
        return entry.name.endsWith('.txt') ? [join(path, entry.name)] : [];
      });
  } catch (cause) {
    throw new LexiconError(
      [{ file: path, line: 0, message: 'cannot be read; give a list file or a folder of lists' }],
      { cause },
    );
  }
}

function readList(file: string): ParsedList {
  const category = basename(file, '.txt');
  if (!isCategory(category)) {
    throw new LexiconError([
      { file, line: 0, message: `is not named after a category; name it one of ${CATEGORIES.join(', ')} + ".txt"` },
    ]);
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LexiconError([{ file, line: 0, message: 'cannot be read' }], { cause });
  }
  return parseList({ text, file, language: basename(dirname(file)), category });
}
