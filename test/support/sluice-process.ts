import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stagedPackage } from './staged-package.js';

/** How a finished command ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Bearer token of the admin routes of every `serve` under test. */
export const ADMIN_TOKEN = 'a-token-for-the-tests';

function start(args: readonly string[], { cwd, env }: CommandOptions): ChildProcessWithoutNullStreams {
  const cli = join(stagedPackage(), 'dist/cli.js');
  return spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, ...env } });
}

/** Runs the built command line to its end. */
export async function runSluice(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const child = start(args, options);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** A `sluice serve` in a process of its own. */
export class ServeProcess {
  readonly child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #stderr = '';
  #stdout = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    this.#exited = once(child, 'close').then(([code]) => code as number | null);
    child.stdin.end();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
  }

  /** Starts and waits until it listens. */
  static async start(args: readonly string[], options: CommandOptions = {}): Promise<ServeProcess> {
    const child = start(['serve', ...args], { ...options, env: { SLUICE_ADMIN_TOKEN: ADMIN_TOKEN, ...options.env } });
    const served = new ServeProcess(child);
    await served.logged('listening');
    return served;
  }

  get log(): readonly Readonly<Record<string, unknown>>[] {
    const lines = this.#stderr.split('\n').slice(0, -1);
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  get url(): string {
    return this.#urlIn('listening');
  }

  get adminUrl(): string {
    return this.#urlIn('operator routes listen');
  }

  /** What was printed, once it matches. */
  async printed(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#stdout)) await once(this.child.stdout as NodeJS.EventEmitter, 'data');
    return this.#stdout;
  }

  /** The latest log line with this message, waited for. */
  async logged(message: string, count = 1): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const found = this.log.filter(({ msg }) => msg === message);
      if (found.length >= count) return found.at(-1) ?? {};
      const more = once(this.child.stderr as NodeJS.EventEmitter, 'data');
      const gone = this.#exited.then(() => 'gone');
      if ((await Promise.race([more, gone])) === 'gone') throw new Error(`ended: ${this.#stderr}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves to the exit code once the process has ended. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  admin(method: 'GET' | 'POST', path: string, base = this.url): Promise<Response> {
    return fetch(`${base}/sluice/admin/${path}`, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  }

  chat(content: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] }),
      ...init,
    });
  }

  #urlIn(message: string): string {
    return `http://${this.log.find(({ msg }) => msg === message)?.['address']}`;
  }
}
