import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A place for a spool that is soon full. */
export interface SmallDisk {
  readonly path: string;
  /** What makes it small, for the table. */
  readonly kind: string;
  /** For `hitLog.spool.maxBytes`. */
  readonly maxBytes: number;
  release(): void;
}

const BYTES = 192 * 1024;

/** Makes a folder on a file system of its own; where nothing may be mounted, a folder with as small a quota in the config. */
export function makeSmallDisk(parent: string, name: string): SmallDisk {
  const path = join(parent, name);
  mkdirSync(path);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${BYTES}`, 'tmpfs', path]);
  if (status !== 0) {
    return { path, kind: 'a spool of 192 KB (nothing may be mounted here)', maxBytes: BYTES, release: () => undefined };
  }
  const release = (): void => void spawnSync('umount', ['-l', path]);
  return { path, kind: 'a tmpfs of 192 KB', maxBytes: 1024 ** 3, release };
}
