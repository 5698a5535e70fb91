import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What to run when a peer is missing. */
const INSTALL = 'npm ci --prefix benchmarks';
const requirePeer = createRequire(join(__dirname, '../package.json'));
const told = new Set<string>();

/**
 * A package of `benchmarks/package.json`; `undefined` when it is not installed, which stderr is told once. The caller names the part of
 * its interface that it uses.
 */
export async function loadPeer<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(pathToFileURL(requirePeer.resolve(name)).href)) as T;
  } catch (error) {
    tellMissing(name, error);
    return undefined;
  }
}

/** The file that a package of `benchmarks/package.json` is entered by; `undefined` when it is not installed. */
export function peerFile(name: string): string | undefined {
  try {
    return requirePeer.resolve(name);
  } catch (error) {
    tellMissing(name, error);
    return undefined;
  }
}

function tellMissing(name: string, error: unknown): void {
  if (told.has(name)) return;
  told.add(name);
  const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  console.error(`Left out: ${name}, which is not installed or does not load here (${reason}). To have it: ${INSTALL}`);
}
