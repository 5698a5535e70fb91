import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { SingleBar } from 'cli-progress';
import { compose } from '../compose.js';
import { CATEGORIES, type Direction, type Verdict } from '../core/index.js';
import { loadConfig } from '../load-config.js';
import { type FolderFile, listFiles } from '../load-folder.js';
import { openText } from '../load-text.js';
import type { Moderator } from '../moderator/index.js';
import type { CategoryThresholds, ResolvedPolicy } from '../policy/index.js';
import { assertCanSave, saveText } from '../save-text.js';
import { summarize } from './eval-figures.js';
import { evalReport } from './eval-report.js';
import { type EvalRow, parseEvalRow } from './eval-row.js';
import { EvalScores } from './eval-scores.js';
import { describeSummary } from './eval-table.js';
import { type Line, readLines } from './read-lines.js';

/** Bad lines that are named one by one; further ones are only counted. */
const MAX_NAMED_PROBLEMS = 20;
/** Texts that are judged once before they are timed: the first calls of a program are slow. */
const WARM_UP_TEXTS = 200;
const ENDINGS = ['.jsonl', '.jsonl.gz'];

/** What the command line gives to `eval`. */
export interface EvalOptions {
  /** Folder of labeled texts. */
  readonly data: string;
  readonly config?: string;
  readonly split: 'train' | 'dev' | 'all';
  /** Side of every text; when left out, the role of each says it. */
  readonly direction?: Direction;
  /** Files that the figures go to. */
  readonly json?: string;
  readonly html?: string;
  /** Most rows of each source. */
  readonly limit?: number;
}

/** Where `eval` writes. */
export interface EvalStreams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Judges labeled texts, reports how well, and returns the exit code: 0, or 2 when some of the input could not be read.
 * @throws {SluiceError} when the config, a list or the model is unusable.
 * @throws {TypeError} when the data folder cannot be read, holds no row, or a report cannot be written.
 */
export async function evaluate(options: EvalOptions, { stdout, stderr }: EvalStreams): Promise<0 | 2> {
  const written = [options.json, options.html].filter((file) => file !== undefined);
  for (const file of written) await assertCanSave(file);
  const files = await listFiles(options.data, ENDINGS);
  const config = loadConfig(options.config);
  // A remembered verdict costs no time: every text is to be judged.
  const uncached = { ...config, cache: { ...config.cache, maxBytes: 0 } };
  const { moderator, screen, close } = await compose(uncached, { file: options.config, record: false });
  const policy = screen.deps.policies.get('default');
  if (policy === undefined) throw new TypeError('There is no default policy.');
  const run = new EvalRun({ options, stderr, moderator, policy, maxLineBytes: config.limits.maxBodyBytes });
  const problems = await run.files(files);
  await close();
  const { scores, versions } = run;
  if (scores.length === 0 || versions === undefined) {
    throw new TypeError(`${options.data}: no row of split ${options.split} could be judged`);
  }
  const summary = summarize(scores);
  const { data, split } = options;
  const about = { data, split, rows: scores.length, failed: scores.failed, problems, versions };
  if (options.json !== undefined) {
    await saveText(options.json, `${JSON.stringify({ ...about, ...summary }, rounded, 2)}\n`);
  }
  if (options.html !== undefined) await saveText(options.html, evalReport({ about, summary, scores, policy }));
  // Last: who reads it may go away, and with it the program.
  stdout.write(describeSummary(summary));
  return problems > 0 ? 2 : 0;
}

interface EvalRunOptions {
  readonly options: EvalOptions;
  readonly stderr: NodeJS.WriteStream;
  readonly moderator: Moderator;
  readonly policy: ResolvedPolicy;
  readonly maxLineBytes: number;
}

/** A policy that only measures: every list match shapes the scores, however weak. */
function measuring(policy: ResolvedPolicy): ResolvedPolicy {
  const flagFrom = (flag: number): CategoryThresholds => {
    const thresholds = { flag, redact: Number.POSITIVE_INFINITY, block: Number.POSITIVE_INFINITY };
    return Object.fromEntries(CATEGORIES.map((category) => [category, thresholds])) as CategoryThresholds;
  };
  const [lists, never] = [flagFrom(0), flagFrom(Number.POSITIVE_INFINITY)];
  return { ...policy, mode: 'shadow', input: lists, output: lists, classifier: { input: never, output: never } };
}

class EvalRun {
  readonly scores = new EvalScores();
  readonly #run: EvalRunOptions;
  readonly #measuring: ResolvedPolicy;
  readonly #bar: SingleBar | undefined;
  #problems = 0;
  #warmUp = WARM_UP_TEXTS;
  #versions: Verdict['versions'] | undefined;

  constructor(run: EvalRunOptions) {
    this.#run = run;
    this.#measuring = measuring(run.policy);
    if (run.stderr.isTTY) {
      const format = '{source} {bar} {percentage}% {rows} rows, eta {eta_formatted}';
      const { SingleBar: Bar } = require('cli-progress') as typeof import('cli-progress');
      this.#bar = new Bar({ format, stream: run.stderr });
    }
  }

  /** Versions of what judged; undefined before the first row. */
  get versions(): Verdict['versions'] | undefined {
    return this.#versions;
  }

  /** Judges the rows of all files and returns how many problems there were. */
  async files(files: readonly FolderFile[]): Promise<number> {
    const { stderr } = this.#run;
    let doneBytes = 0;
    this.#bar?.start(
      files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      0,
      { source: '', rows: 0 },
    );
    for (const file of files) {
      const source = file.name.replace(/\.jsonl(?:\.gz)?$/u, '');
      try {
        await this.#file(file, source);
      } catch (error) {
        this.#problem(file.path, error);
      }
      doneBytes += file.sizeBytes;
      this.#bar?.update(doneBytes, { source, rows: this.scores.length });
    }
    this.#bar?.stop();
    if (this.#problems > MAX_NAMED_PROBLEMS) {
      stderr.write(`sluice: ${this.#problems - MAX_NAMED_PROBLEMS} more problems\n`);
    }
    if (this.scores.failed > 0) stderr.write(`sluice: a detector could not run for ${this.scores.failed} rows\n`);
    return this.#problems;
  }

  async #file(file: FolderFile, source: string): Promise<void> {
    const { options, maxLineBytes } = this.#run;
    const { stream } = await openText(file.path);
    const read = this.#counted(stream, source);
    // Errors of either reach the reader, who is told of them as it reads.
    const bytes = file.name.endsWith('.gz') ? pipeline(read, createGunzip(), () => undefined) : read;
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for await (const lines of readLines(bytes, maxLineBytes)) {
      for (const line of lines) {
        if (left > 0 && this.#judge(line, file.path, source)) left -= 1;
      }
      if (left <= 0) break;
    }
  }

  async *#counted(stream: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      yield chunk;
      this.#bar?.increment(chunk.length, { source, rows: this.scores.length });
    }
  }

  /** Judges one line; whether it was a row that counts. */
  #judge(line: Line, path: string, source: string): boolean {
    if (line.text === '') return false;
    const { options } = this.#run;
    let row: EvalRow;
    try {
      if (line.text === undefined) throw new TypeError(line.problem);
      row = parseEvalRow(line.text);
    } catch (error) {
      this.#problem(`${path}:${line.number}`, error);
      return false;
    }
    if (options.split !== 'all' && row.split !== options.split) return false;
    const direction = options.direction ?? (row.role === 'output' ? 'output' : 'input');
    const { moderator, policy } = this.#run;
    if (this.#warmUp > 0) {
      this.#warmUp -= 1;
      moderator.moderate(row.text, { direction, policy });
    }
    const start = performance.now();
    const verdict = moderator.moderate(row.text, { direction, policy });
    const micros = (performance.now() - start) * 1000;
    const { scores: reach } = moderator.moderate(row.text, { direction, policy: this.#measuring });
    this.#versions = verdict.versions;
    this.scores.add({ row, source, direction, verdict, reach, micros });
    return true;
  }

  #problem(where: string, error: unknown): void {
    this.#problems += 1;
    if (this.#problems > MAX_NAMED_PROBLEMS) return;
    this.#run.stderr.write(`sluice: ${where}: ${error instanceof Error ? error.message : 'cannot be read'}\n`);
  }
}

/** Four decimals say all that there is to know. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 10_000) / 10_000 : value;
}
