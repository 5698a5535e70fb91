import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ConfigInput } from '../../src/config/index.js';
import { freePort } from '../loopback-ports.js';
import { BLOCKED_TERM, REDACTED_TERM } from './backend.js';
import { ServerProcess } from './server-process.js';

const CLI = join(__dirname, '../../dist/cli.js');
const ENV = {
  SLUICE_SUBJECT_KEY: 'a-key-for-the-subjects-of-chaos',
  SLUICE_CHAIN_KEY: 'a-key-for-the-chains-of-chaos',
};

/** Environment that every process of the package runs in. */
export const SLUICE_ENV = { ...process.env, ...ENV };

/** What the config of a replica says beyond what all have in common. */
export interface ReplicaOptions {
  readonly name: string;
  readonly folder: string;
  readonly upstream: string;
  readonly store: string;
  readonly redis: string;
  readonly hitLog: NonNullable<ConfigInput['hitLog']>;
  /** Requests of one client within ten minutes. */
  readonly maxRequests: number;
}

/** A `sluice serve` in a process of its own, always on the same port. */
export class Replica {
  readonly name: string;
  readonly url: string;
  /** Its config file. */
  readonly config: string;
  readonly #process: ServerProcess;

  private constructor(options: ReplicaOptions, port: number) {
    this.name = options.name;
    this.url = `http://127.0.0.1:${port}`;
    this.config = join(options.folder, `${options.name}.yaml`);
    writeFileSync(this.config, stringify(configOf(options, port)));
    this.#process = new ServerProcess({
      command: process.execPath,
      args: [CLI, 'serve', '--config', this.config],
      options: { cwd: options.folder, env: SLUICE_ENV },
      probe: () => fetch(`${this.url}/readyz`),
    });
  }

  /** Starts one. */
  static async start(options: ReplicaOptions): Promise<Replica> {
    const replica = new Replica(options, await freePort());
    await replica.start();
    return replica;
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  /** Resolves to its exit code. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    return this.#process.stop(signal);
  }

  get output(): string {
    return this.#process.output;
  }

  /** What `/healthz` says; `gone` when nobody answers. */
  async health(): Promise<string> {
    try {
      const answer = (await (await fetch(`${this.url}/healthz`)).json()) as { status: string };
      return answer.status;
    } catch {
      return 'gone';
    }
  }

  /** A gauge of `/metrics`. */
  async metric(name: string): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  }
}

function configOf({ upstream, store, redis, hitLog, maxRequests, name }: ReplicaOptions, port: number): ConfigInput {
  const thresholds = { abusive: { flag: 0.5, redact: 0.9, block: 0.99 } };
  return {
    listen: `127.0.0.1:${port}`,
    upstream,
    lists: [{ inline: `[severity 3]\n${REDACTED_TERM}\n[severity 4]\n${BLOCKED_TERM}\n`, category: 'abusive' }],
    classifier: { enabled: false },
    policies: { default: { input: thresholds, output: thresholds } },
    store,
    subject: { from: 'api-key' },
    limits: { client: { maxRequests, perSeconds: 600 } },
    redis: { url: redis },
    hitLog: { spool: { folder: `${name}-spool` }, ...hitLog },
    log: { level: 'warn' },
  };
}
