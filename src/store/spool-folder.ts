import { accessSync, constants, existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from '../core/index.js';
import { FileLock } from './file-lock.js';
import type { HitBatch } from './hit-repository.js';
import { type DecodedFrames, decodeFrames, encodeFrame } from './spool-frame.js';
import { toStoreError } from './to-store-error.js';

/** Where a spool is and how large it may become. */
export interface SpoolFolderOptions {
  /** Made when something is to be kept. */
  readonly folder: string;
  readonly maxBytes: number;
}

/** One file of batches. */
export interface SpoolFile {
  readonly path: string;
  readonly bytes: number;
}

/** A file is not appended to beyond this size, so that what is drained can be removed. */
const FILE_BYTES = 4 * 1024 * 1024;
const NAME = /^([a-z0-9]+)-(\d{8})\.spool$/;

/**
 * Batches on disk, in the order of appending. The files of a process are its own while it lives; what a dead one left behind
 * belongs to the first that adopts it.
 */
export class SpoolFolder {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #owner: string;
  readonly #locks = new Map<string, FileLock>();
  #files: SpoolFile[] = [];
  #current: { readonly handle: FileHandle; readonly path: string; bytes: number } | undefined;
  #count = 0;
  /** Ends with what runs: nothing may close a file while it is appended to. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param owner names the process; no other may have the same name
   * @throws {StoreError} when the folder could not be written
   */
  constructor({ folder, maxBytes }: SpoolFolderOptions, owner: string) {
    this.#folder = resolve(folder);
    this.#maxBytes = maxBytes;
    this.#owner = owner;
    let existing = this.#folder;
    while (!existsSync(existing)) existing = dirname(existing);
    try {
      accessSync(existing, constants.W_OK);
    } catch (error) {
      throw toStoreError(
        `The spool ${this.#folder} cannot be written; name another folder in hitLog.spool.folder`,
        error,
      );
    }
  }

  /** Bytes that wait, in files of this process and adopted ones. */
  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, this.#current?.bytes ?? 0);
  }

  /** Takes over the files of processes that are gone. Resolves to their number. */
  async adopt(): Promise<number> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw toStoreError(`Cannot read the spool ${this.#folder}`, error);
    });
    let adopted = 0;
    for (const name of names.sort()) {
      const owner = NAME.exec(name)?.[1];
      if (owner === undefined || owner === this.#owner || !this.#lock(owner)) continue;
      const path = join(this.#folder, name);
      if (this.#files.some((file) => file.path === path)) continue;
      // Gone when another process had it before us and is done.
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      this.#files.unshift({ path, bytes: found.size });
      adopted += 1;
    }
    // The lock of an owner that has no file here is its own to take.
    this.#releaseUnused();
    this.#files.sort((left, right) => this.#rank(left) - this.#rank(right) || (left.path < right.path ? -1 : 1));
    return adopted;
  }

  /**
   * Appends a batch; resolves once it is on disk for good.
   * @throws {StoreError} when there is no room. What was written of it counts for nothing.
   */
  append(batch: HitBatch): Promise<void> {
    return this.#inTurn(() => this.#append(batch));
  }

  /** The oldest file, which nothing is appended to any more; undefined when nothing waits. */
  oldest(): Promise<SpoolFile | undefined> {
    return this.#inTurn(async () => {
      if (this.#files.length === 0) await this.#closeCurrent();
      return this.#files[0];
    });
  }

  async #append(batch: HitBatch): Promise<void> {
    const frame = encodeFrame(batch);
    if (this.bytes + frame.length > this.#maxBytes) {
      throw new StoreError(`The spool ${this.#folder} is full: it may have ${this.#maxBytes} bytes`);
    }
    try {
      if (this.#current === undefined) this.#current = await this.#create();
      const current = this.#current;
      await writeAll(current.handle, frame);
      await current.handle.datasync();
      current.bytes += frame.length;
      if (current.bytes >= FILE_BYTES) await this.#closeCurrent();
    } catch (error) {
      // What comes after half a batch could not be read: the next one gets a file of its own.
      await this.#closeCurrent().catch(() => undefined);
      throw toStoreError(`Cannot write to the spool ${this.#folder}`, error);
    }
  }

  /** What a file holds. */
  async read(file: SpoolFile): Promise<DecodedFrames> {
    try {
      return decodeFrames(await readFile(file.path));
    } catch (error) {
      throw toStoreError('Cannot read the spool', error);
    }
  }

  /** Removes a file whose batches are elsewhere now. */
  remove(file: SpoolFile): Promise<void> {
    return this.#letGo(file, () => rm(file.path, { force: true }));
  }

  /** Keeps a file that was changed from outside for whoever can make something of it; resolves to its new path. */
  async setAside(file: SpoolFile): Promise<string> {
    const path = `${file.path}.damaged`;
    await this.#letGo(file, () => rename(file.path, path));
    return path;
  }

  async #letGo(file: SpoolFile, how: () => Promise<void>): Promise<void> {
    try {
      await how();
    } catch (error) {
      throw toStoreError('Cannot remove what is drained from the spool', error);
    }
    this.#files = this.#files.filter((other) => other !== file);
    this.#releaseUnused();
  }

  /** Lets go of the files; what waits stays for the next process. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#closeCurrent();
      this.#releaseUnused();
      for (const lock of this.#locks.values()) lock.release({ remove: false });
      this.#locks.clear();
    });
  }

  async #create(): Promise<{ handle: FileHandle; path: string; bytes: number }> {
    const made = await mkdir(this.#folder, { recursive: true });
    // A file that nobody knows to be in use would be taken over and removed by the next process that starts.
    if (!this.#lock(this.#owner)) throw new StoreError('its lock is held by another process');
    this.#count += 1;
    const path = join(this.#folder, `${this.#owner}-${String(this.#count).padStart(8, '0')}.spool`);
    const handle = await open(path, 'ax', 0o600);
    // The names of a new file and of new folders have to survive a power cut too.
    await syncFolders(this.#folder, made === undefined ? this.#folder : dirname(made));
    return { handle, path, bytes: 0 };
  }

  async #closeCurrent(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    this.#files.push({ path: current.path, bytes: current.bytes });
    await current.handle.close();
  }

  /** What others left behind is older than what is ours. */
  #rank({ path }: SpoolFile): number {
    return this.#ownerOf(path) === this.#owner ? 1 : 0;
  }

  #ownerOf(path: string): string | undefined {
    return NAME.exec(path.slice(this.#folder.length + 1))?.[1];
  }

  #lock(owner: string): boolean {
    if (this.#locks.has(owner)) return true;
    const lock = FileLock.take(join(this.#folder, `${owner}.lock`));
    if (lock !== undefined) this.#locks.set(owner, lock);
    return lock !== undefined;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #releaseUnused(): void {
    const used = new Set([...this.#files.map(({ path }) => this.#ownerOf(path))]);
    if (this.#current !== undefined) used.add(this.#owner);
    for (const [owner, lock] of this.#locks) {
      if (used.has(owner)) continue;
      lock.release({ remove: true });
      this.#locks.delete(owner);
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, start);
    start += bytesWritten;
  }
}

/** Makes what a folder holds durable, and so with every folder above it up to `top`. */
async function syncFolders(folder: string, top: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    const handle = await open(path);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (path === top) return;
  }
}
