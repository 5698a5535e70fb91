import type { SingleBar } from 'cli-progress';
import { compose } from '../compose.js';
import type { Direction, Verdict } from '../core/index.js';
import { loadConfig } from '../load-config.js';
import { type OpenText, openText } from '../load-text.js';
import type { Moderator } from '../moderator/index.js';
import type { ResolvedPolicy } from '../policy/index.js';
import { type CheckRecord, describeVerdict, formatCheckResult, parseCheckRecord } from './check-record.js';
import { type Line, readLines } from './read-lines.js';

/** Bad lines that are named one by one; further ones are only counted. */
const MAX_NAMED_PROBLEMS = 20;

/** What the command line gives to `check`. */
export interface CheckOptions {
  readonly config?: string;
  readonly direction: Direction;
  readonly jsonl?: boolean;
}

/** Where `check` writes. */
export interface CheckStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Judges the lines of files and returns the exit code: 0 when nothing is blocked, 1 when something is, 2 when input could not be read.
 * @throws {SluiceError} when the config, a list or the model is unusable.
 */
export async function check(
  files: readonly string[],
  options: CheckOptions,
  streams: CheckStreams,
): Promise<0 | 1 | 2> {
  const config = loadConfig(options.config);
  const { moderator, screen } = await compose(config, { file: options.config, record: false });
  if (config.detectors.length > 0) {
    streams.stderr.write(
      'sluice: the detectors of the config are not asked by this command; the verdicts are without them\n',
    );
  }
  const policy = screen.deps.policies.get('default');
  if (policy === undefined) throw new TypeError('There is no default policy.');
  const run = new CheckRun({ options, streams, moderator, policy, maxLineBytes: config.limits.maxBodyBytes });
  for (const file of files.length === 0 ? ['-'] : files) await run.file(file);
  return run.finish();
}

interface CheckRunOptions {
  readonly options: CheckOptions;
  readonly streams: CheckStreams;
  readonly moderator: Moderator;
  readonly policy: ResolvedPolicy;
  readonly maxLineBytes: number;
}

class CheckRun {
  readonly #run: CheckRunOptions;
  readonly #counts = { allow: 0, flag: 0, redact: 0, block: 0 };
  #problems = 0;
  /** Set when the reader of our output has gone away, as `head` does. */
  #unread = false;

  constructor(run: CheckRunOptions) {
    this.#run = run;
    run.streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#unread = true;
    });
  }

  async file(file: string): Promise<void> {
    let source: OpenText;
    try {
      source = await openText(file);
    } catch (error) {
      this.#problem(file, error);
      return;
    }
    const bar = this.#progressBar(file, source.sizeBytes);
    try {
      for await (const lines of readLines(this.#counted(source, bar), this.#run.maxLineBytes)) {
        await this.#write(lines.map((line) => this.#judge(file, line)).join(''));
        if (this.#unread) break;
      }
    } catch (error) {
      this.#problem(file, error);
    } finally {
      bar?.stop();
    }
  }

  finish(): 0 | 1 | 2 {
    const { allow, flag, redact, block } = this.#counts;
    const { options, streams } = this.#run;
    if (this.#problems > MAX_NAMED_PROBLEMS) {
      streams.stderr.write(`sluice: ${this.#problems - MAX_NAMED_PROBLEMS} more problems\n`);
    }
    if (options.jsonl !== true && !this.#unread) {
      const total = allow + flag + redact + block;
      streams.stderr.write(`${total} checked: ${block} blocked, ${redact} redacted, ${flag} flagged\n`);
    }
    if (this.#problems > 0) return 2;
    return block > 0 ? 1 : 0;
  }

  /** What is to be written for one line. */
  #judge(file: string, line: Line): string {
    if (line.text === '') return '';
    const { options } = this.#run;
    let record: CheckRecord;
    try {
      if (line.text === undefined) throw new TypeError(line.problem);
      record =
        options.jsonl === true
          ? parseCheckRecord(line.text, line.number)
          : { id: '', text: line.text, direction: undefined };
    } catch (error) {
      this.#problem(`${file}:${line.number}`, error);
      return '';
    }
    const verdict = this.#moderate(record);
    this.#counts[verdict.action] += 1;
    if (options.jsonl === true) return formatCheckResult(record.id, verdict);
    return verdict.action === 'allow' ? '' : `${file}:${line.number}: ${describeVerdict(verdict)}\n`;
  }

  #moderate({ text, direction }: CheckRecord): Verdict {
    const { moderator, policy, options } = this.#run;
    return moderator.moderate(text, { direction: direction ?? options.direction, policy });
  }

  async #write(text: string): Promise<void> {
    const { stdout } = this.#run.streams;
    if (text === '' || this.#unread || stdout.write(text)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stdout.off('drain', go).off('error', go);
        resolve();
      };
      stdout.once('drain', go).once('error', go);
    });
  }

  #problem(where: string, error: unknown): void {
    this.#problems += 1;
    if (this.#problems > MAX_NAMED_PROBLEMS) return;
    this.#run.streams.stderr.write(`sluice: ${where}: ${error instanceof Error ? error.message : 'cannot be read'}\n`);
  }

  /** A bar on a terminal, unless it would run into the results there. */
  #progressBar(file: string, sizeBytes: number | undefined): SingleBar | undefined {
    const { stdout, stderr } = this.#run.streams;
    if (!stderr.isTTY || stdout.isTTY || sizeBytes === undefined) return undefined;
    const { SingleBar: Bar } = require('cli-progress') as typeof import('cli-progress');
    const bar = new Bar({ format: `${file} {bar} {percentage}% eta {eta_formatted}`, stream: stderr });
    bar.start(sizeBytes, 0);
    return bar;
  }

  async *#counted({ stream }: OpenText, bar: SingleBar | undefined): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      const bytes = chunk as Uint8Array;
      yield bytes;
      bar?.increment(bytes.length);
    }
  }
}
