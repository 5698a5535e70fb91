import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Lexicon } from './build.js';
import { type ListAnswer, packedOf } from './list-answer.js';
import { type LexiconOptions, loadLexicon } from './load-lexicon.js';
import { unpackLexicon } from './pack.js';

/** A checkout that was not built has none: Node.js does not read TypeScript. */
const THREAD = join(__dirname, 'list-thread.js');

/**
 * As `loadLexicon`, but in a thread of its own, which takes seconds of work off the event loop: what this one does is take the tables
 * over. Where the package is not built, it does all of it.
 * @throws {Error} what `signal` is aborted with, at once; and when the thread fails, as for want of memory.
 */
export async function loadLexiconApart(options: LexiconOptions, signal?: AbortSignal): Promise<Lexicon> {
  signal?.throwIfAborted();
  if (!existsSync(THREAD)) return loadLexicon(options);
  const { bytes, key } = packedOf(await askThread(options, signal));
  const lexicon = unpackLexicon(bytes, key);
  if (lexicon === undefined) throw new TypeError('the lists that a thread has built are not those it was asked for');
  return lexicon;
}

function askThread(options: LexiconOptions, signal: AbortSignal | undefined): Promise<ListAnswer> {
  // Nothing of how this process was started concerns the thread: it reads lists.
  const thread = new Worker(THREAD, { workerData: options, execArgv: [], name: 'sluice lists' });
  return new Promise<ListAnswer>((resolve, reject) => {
    const abort = (): void => {
      reject(signal?.reason);
      void thread.terminate();
    };
    signal?.addEventListener('abort', abort, { once: true });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => {
      signal?.removeEventListener('abort', abort);
      // Says nothing when the answer came before.
      reject(new Error(`the thread that builds the lists has ended with code ${code}`));
    });
  });
}
