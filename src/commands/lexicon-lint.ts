import { lexiconOptions } from '../compose.js';
import { ConfigError } from '../core/index.js';
import { adjustLists, lintLists, loadLists, type ParsedList } from '../lexicon/index.js';
import { loadConfig } from '../load-config.js';

/** What the command line gives to `lexicon lint`. */
export interface LexiconLintOptions {
  readonly config?: string;
  readonly strict?: boolean;
}

/** Where the lexicon commands write. */
export interface LexiconStreams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/**
 * Reads the lists at `paths`, or else those of the config, writes what is wrong or doubtful about them, and returns the exit
 * code: 2 after an error, 1 after a warning if `strict`, else 0.
 * @throws {ConfigError} when the config is invalid.
 */
export function lexiconLint(
  paths: readonly string[],
  { config: file, strict = false }: LexiconLintOptions,
  { stdout, stderr }: LexiconStreams,
): 0 | 1 | 2 {
  const options = paths.length > 0 ? { lists: paths, baseDir: process.cwd() } : lexiconOptions(loadConfig(file), file);
  const { lists, issues } = loadLists(options);
  const errors = issues.map((issue) => `${issue.file}:${issue.line}: ${issue.message}`);
  const { adjustments, where = 'config' } = { adjustments: undefined, ...options };
  let adjusted: readonly ParsedList[] = lists;
  try {
    if (adjustments !== undefined) adjusted = adjustLists(lists, adjustments, where);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    errors.push(...error.issues.map(({ path, message }) => `${where}: ${path}: ${message}`));
  }
  const warnings = lintLists(adjusted);
  for (const error of errors) stdout.write(`${error}\n`);
  for (const { file: list, line, kind, message } of warnings) {
    stdout.write(`${list}:${line}: warning: ${message} [${kind}]\n`);
  }
  const entries = adjusted.reduce((sum, list) => sum + list.entries.length, 0);
  stderr.write(
    `${count(adjusted.length, 'list')}, ${count(entries, 'entry', 'entries')}: ` +
      `${count(errors.length, 'error')}, ${count(warnings.length, 'warning')}\n`,
  );
  if (errors.length > 0) return 2;
  return strict && warnings.length > 0 ? 1 : 0;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
