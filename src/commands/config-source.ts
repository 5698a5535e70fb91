import { listPaths } from '../compose.js';
import type { Config } from '../config/index.js';
import { loadConfig } from '../load-config.js';
import type { FixedSettings } from './fixed-settings.js';
import type { ServeOptions } from './serve.js';

/** The config of a server, which may change while it runs. */
export class ConfigSource {
  /** The config file, if there is one. */
  readonly file: string | undefined;
  readonly #overrides: { readonly upstream?: string; readonly listen?: string };
  readonly #fixed: FixedSettings | undefined;
  #paths: readonly string[];

  /** @param fixed settings that hold whatever the file says */
  constructor({ config: file, upstream, listen }: ServeOptions, fixed?: FixedSettings) {
    this.file = file;
    this.#overrides = { ...(upstream === undefined ? {} : { upstream }), ...(listen === undefined ? {} : { listen }) };
    this.#fixed = fixed;
    this.#paths = file === undefined ? [] : [file];
  }

  /** The files and folders that the config comes from and that it named when it was last read, readable or not. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  /**
   * Reads it as it is now.
   * @throws {ConfigError} when it is invalid.
   */
  read(): Config {
    const read = loadConfig(this.file, this.#overrides);
    const lists = listPaths(read, this.file);
    // Also when the rest fails: the cure may be in a file that only the new config names.
    this.#paths = this.file === undefined ? lists : [this.file, ...lists];
    return { ...read, ...this.#fixed };
  }
}
