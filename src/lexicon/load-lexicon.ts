import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import {
  CATEGORIES,
  type Category,
  isCategory,
  LexiconError,
  type LexiconIssue,
  type Severity,
} from '../core/index.js';
import { type Adjustments, adjustLists } from './adjust-lists.js';
import { buildLexicon, type Lexicon } from './build.js';
import type { ParsedList } from './entry.js';
import { withUniqueIds } from './entry-ids.js';
import { packLexicon, unpackLexicon } from './pack.js';
import { parseList } from './parse-list.js';
import { parsePlainList } from './parse-plain-list.js';

const PACKAGE = resolve(__dirname, '../..');

/** Folder of the lists that ship with the package. */
export const BUILTIN_LISTS = join(PACKAGE, 'models/lexicon');

/** The built-in lists, built: reading them takes a fraction of the time of a build. */
export const BUILTIN_PACK = join(__dirname, 'builtin.pack');

/** Language of a list that does not name one. */
const NO_LANGUAGE = 'und';

/** A list file, or a folder of list files, and what their names do not say. */
export interface FileList {
  readonly path: string;
  readonly category?: Category | undefined;
  readonly language?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly format?: 'list' | 'plain' | undefined;
}

/** A list whose text stands in the config. */
export interface InlineList {
  readonly inline: string;
  readonly category: Category;
  readonly language?: string | undefined;
  readonly severity?: Severity | undefined;
}

/** One source of lists; a text is `builtin` or a path. */
export type ListConfig = string | FileList | InlineList;

/** Which lists to load. */
export interface LexiconOptions {
  readonly lists: readonly ListConfig[];
  /** Folder that relative paths start from. */
  readonly baseDir: string;
  /** Changes to entries; none when left out. */
  readonly adjustments?: Adjustments;
  /** Names the config in messages. */
  readonly where?: string;
}

/** Lists that were read, and what is wrong with those that could not be. */
export interface ReadLists {
  readonly lists: readonly ParsedList[];
  readonly issues: readonly LexiconIssue[];
}

/** A lexicon as bytes, and what they were built from. */
export interface PackedLexicon {
  readonly bytes: ArrayBuffer;
  readonly key: string;
}

/** Of lists that were built on the spot. */
const OWN_KEY = 'built';

/**
 * Loads and builds the lists.
 * @throws {LexiconError} when a path is missing, nothing says the category of a file, or a line is bad.
 * @throws {ConfigError} when an adjustment names no entry.
 */
export function loadLexicon(options: LexiconOptions): Lexicon {
  const ready = isPlainBuiltin(options) ? loadBuiltinPack() : undefined;
  return ready?.lexicon ?? buildFrom(options);
}

/**
 * As `loadLexicon`, as bytes for another thread, which `unpackLexicon` takes over.
 * @throws {SluiceError} as `loadLexicon` does.
 */
export function loadPackedLexicon(options: LexiconOptions): PackedLexicon {
  const ready = isPlainBuiltin(options) ? loadBuiltinPack() : undefined;
  return ready ?? { bytes: packLexicon(buildFrom(options), OWN_KEY), key: OWN_KEY };
}

/** Whether the lists are those that the package carries built. */
export function isPlainBuiltin({ lists, adjustments }: LexiconOptions): boolean {
  if (lists.length !== 1 || lists[0] !== 'builtin') return false;
  return adjustments === undefined || (adjustments.disable.length === 0 && adjustments.override.length === 0);
}

function buildFrom(options: LexiconOptions): Lexicon {
  const { adjustments, where = 'config' } = options;
  const { lists, issues } = loadLists(options);
  if (issues.length > 0) throw new LexiconError(issues);
  return buildLexicon(adjustments === undefined ? lists : adjustLists(lists, adjustments, where));
}

/** The built-in lists as the build packed them; `undefined` when there is no pack, or the lists changed behind it. */
function loadBuiltinPack(): (PackedLexicon & { readonly lexicon: Lexicon }) | undefined {
  const bytes = readPack();
  if (bytes === undefined) return undefined;
  const key = builtinKey();
  const lexicon = unpackLexicon(bytes, key);
  return lexicon && { bytes, key, lexicon };
}

/** `undefined` in a checkout that was not built: its lists are read as text. */
function readPack(): ArrayBuffer | undefined {
  let file: number;
  try {
    file = openSync(BUILTIN_PACK, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    for (let at = 0, read = -1; at < bytes.length && read !== 0; at += read)
      read = readSync(file, bytes, at, bytes.length - at, at);
    return bytes.buffer;
  } finally {
    closeSync(file);
  }
}

/** Bytes of the pack of the built-in lists, which the build writes to `BUILTIN_PACK`. */
export function packBuiltinLists(): Uint8Array {
  const { lists } = loadLists({ lists: ['builtin'], baseDir: PACKAGE });
  return new Uint8Array(packLexicon(buildLexicon(lists), builtinKey()));
}

function builtinKey(): string {
  const digest = createHash('sha256');
  for (const file of findFiles(BUILTIN_LISTS)) digest.update(relative(PACKAGE, file)).update(readFileSync(file));
  return digest.digest('hex');
}

/** Reads every list, and goes on behind those that are wrong. Ids are unique. */
export function loadLists({ lists, baseDir }: Pick<LexiconOptions, 'lists' | 'baseDir'>): ReadLists {
  const issues: LexiconIssue[] = [];
  const parsed: ParsedList[] = [];
  const collect = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof LexiconError)) throw error;
      issues.push(...error.issues);
    }
  };
  lists.forEach((list, index) => {
    if (typeof list === 'object' && 'inline' in list) {
      const { inline: text, language = NO_LANGUAGE, ...rest } = list;
      collect(() => parsed.push(parseList({ ...rest, text, language, file: `lists[${index}].inline` })));
      return;
    }
    const source = typeof list === 'string' ? { path: list } : list;
    const path = source.path === 'builtin' ? BUILTIN_LISTS : resolve(baseDir, source.path);
    collect(() => {
      for (const file of findFiles(path)) collect(() => parsed.push(readList(file, source)));
    });
  });
  return { lists: withUniqueIds(parsed), issues };
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
    if (cause instanceof LexiconError) throw cause;
    throw new LexiconError(
      [{ file: path, line: 0, message: 'cannot be read; give a list file or a folder of lists' }],
      { cause },
    );
  }
}

function readList(path: string, { category, language, severity, format }: FileList): ParsedList {
  const file = path.startsWith(BUILTIN_LISTS) ? relative(PACKAGE, path).replaceAll('\\', '/') : path;
  const parse = format === 'plain' ? parsePlainList : parseList;
  return parse({
    text: readText(path, file),
    file,
    language: language ?? languageOf(path),
    category: category ?? categoryOf(path, file),
    severity,
  });
}

function readText(path: string, file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new LexiconError([{ file, line: 0, message: 'cannot be read' }], { cause });
  }
  if (!isUtf8(bytes)) throw new LexiconError([{ file, line: 0, message: 'is not UTF-8' }]);
  return bytes.toString('utf8');
}

function categoryOf(path: string, file: string): Category {
  const name = basename(path, '.txt');
  if (isCategory(name)) return name;
  const message = `is not named after a category; name it one of ${CATEGORIES.join(', ')} + ".txt", or give a "category" beside its path in the config`;
  throw new LexiconError([{ file, line: 0, message }]);
}

/** Only what looks like a language tag: ids must not change when some folder is renamed. */
function languageOf(path: string): string {
  const folder = basename(dirname(path));
  return /^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?$/u.test(folder) ? folder : NO_LANGUAGE;
}
