import { fingerprintOf } from '../load-fingerprint.js';

/** Time between two looks at the files of a config, in milliseconds. */
export const WATCH_INTERVAL_MS = 500;

/** What to watch. */
export interface FileWatchOptions {
  /** Files, and folders of `.txt` files; asked at every look. */
  readonly paths: () => readonly string[];
  /** Time between two looks, in milliseconds. */
  readonly intervalMs: number;
  /** Called after a change, once two looks in a row saw the same; no look happens until it has resolved. */
  readonly onChange: () => Promise<unknown>;
}

/**
 * Looks at files again and again and reports changes. It looks rather than listens: events differ between file systems (network mounts and
 * many containers have none), are lost when an editor or a ConfigMap renames files or folders into place, and a look costs a `stat` per file.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #known = '';
  #seen = '';
  #stopped = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  /** Takes the files as they are now for known, and starts to look. */
  async start(): Promise<void> {
    this.#known = this.#seen = await this.#look();
    this.#schedule();
  }

  /** Ends the looking. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#check(), this.#options.intervalMs).unref();
  }

  async #check(): Promise<void> {
    const seen = await this.#look();
    if (seen === this.#seen && seen !== this.#known) {
      this.#known = seen;
      const before = this.#options.paths().join('\n');
      await this.#options.onChange();
      // A config that names other files is no reason to read it twice.
      if (this.#options.paths().join('\n') !== before) this.#known = this.#seen = await this.#look();
    } else this.#seen = seen;
    this.#schedule();
  }

  #look(): Promise<string> {
    return fingerprintOf(this.#options.paths(), ['.txt']);
  }
}
