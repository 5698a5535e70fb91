import { text } from 'node:stream/consumers';
import { requireSecret } from '../load-secret.js';
import { HitEraser, subjectId } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What `hits forget` reads from and writes to. */
export interface HitsForgetStreams extends HitsStreams {
  readonly stdin: NodeJS.ReadableStream;
}

/**
 * Erases everything that the record holds about a subject.
 * @param subject whoever the config takes for one: a user name, a key; `-` reads it from standard input
 * @throws {SluiceError} when the config or the database cannot be used, or the secret that hashes subjects is missing.
 */
export async function hitsForget(
  subject: string,
  options: DatabaseOptions,
  { stdin, stdout }: HitsForgetStreams,
): Promise<void> {
  const given = subject === '-' ? (await text(stdin)).trim() : subject;
  if (given === '') throw new TypeError('The subject is empty.');
  const erased = await withDatabase(options, (database, { subject: { keyEnv } }) =>
    new HitEraser(database).eraseSubject(subjectId(requireSecret(keyEnv, 'subjects'), given), Date.now()),
  );
  stdout.write(`${erased} ${erased === 1 ? 'hit' : 'hits'} erased\n`);
}
