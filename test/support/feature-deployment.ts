import { join } from 'node:path';
import { openDatabase } from '../../src/store/index.js';
import { quiet } from './quiet.js';
import { ADMIN_TOKEN, runSluice, ServeProcess } from './sluice-process.js';
import type { TempFolder } from './temp-folder.js';
import { until } from './until.js';

/** Environment with the key that features are made with. */
export const FEATURES_ENV = { SLUICE_FEATURES_KEY: 'the features key of the tests' };

/** What a deployment is made of. */
export interface DeploymentOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** More lines of the config. */
  readonly more?: string;
}

/** Deployments of one test file, each a config file with the commands on it. */
export class FeatureDeployments {
  readonly #folder: TempFolder;
  readonly #running: ServeProcess[] = [];
  #count = 0;

  constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  /** One that blocks `blarf` as abusive, on a store. */
  make(store: string, { env = FEATURES_ENV, more = '' }: DeploymentOptions = {}): FeatureDeployment {
    this.#count += 1;
    const home = join(this.#folder.path, String(this.#count));
    this.#folder.write(
      `${this.#count}/c.yaml`,
      `store: "${store}"\nlisten: 127.0.0.1:0\nlists: [ { path: ./words.txt, category: abusive, language: en } ]\nclassifier: { enabled: false }\n${more}`,
    );
    this.#folder.write(`${this.#count}/words.txt`, 'blarf | severity 4\n');
    return new FeatureDeployment({ home, store, env, running: this.#running });
  }

  /** Ends every proxy. */
  async stop(): Promise<void> {
    for (const served of this.#running.splice(0)) {
      served.signal('SIGTERM');
      await served.exited();
    }
  }
}

/** A config file, and the commands on it. */
export class FeatureDeployment {
  readonly home: string;
  readonly #store: string;
  readonly #options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
  readonly #running: ServeProcess[];

  constructor({
    home,
    store,
    env,
    running,
  }: {
    readonly home: string;
    readonly store: string;
    readonly env: Readonly<Record<string, string>>;
    readonly running: ServeProcess[];
  }) {
    this.home = home;
    this.#store = store;
    this.#options = { cwd: home, env };
    this.#running = running;
  }

  run(...args: string[]) {
    return runSluice([...args, '--config', 'c.yaml'], this.#options);
  }

  features(...args: string[]) {
    return this.run('features', ...args);
  }

  add(input: string, ...args: string[]) {
    return runSluice(['features', 'add', '-', ...args, '--config', 'c.yaml'], { ...this.#options, input });
  }

  hits(...args: string[]) {
    return this.run('hits', ...args);
  }

  /** Makes the database, as the first start of a proxy does. */
  async create(): Promise<void> {
    const [, file = ''] = /^sqlite:(.*)$/.exec(this.#store) ?? [];
    await (await openDatabase({ store: `sqlite:${join(this.home, file)}`, logger: quiet }))?.close();
  }

  async serve(): Promise<ServeProcess> {
    const served = await ServeProcess.start(['--config', 'c.yaml'], this.#options);
    this.#running.push(served);
    return served;
  }
}

/** Resolves once a proxy answers a text with a status. */
export function answers(status: number, served: ServeProcess, text: string): Promise<void> {
  return until(async () => {
    const response = await served.chat(text);
    await response.arrayBuffer();
    return response.status === status;
  });
}

/** Sends an order about an appeal to the admin routes of a proxy. */
export async function orderAppeal(served: ServeProcess, hit: string, order: object): Promise<unknown> {
  const response = await fetch(`${served.url}/sluice/admin/appeals/${hit}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify(order),
  });
  return response.json();
}
