import { text } from 'node:stream/consumers';
import { requireSecret } from '../load-secret.js';
import { forgetSubject, subjectId } from '../store/index.js';
import { count } from './count.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What `hits forget` reads from and writes to. */
export interface HitsForgetStreams extends HitsStreams {
  readonly stdin: NodeJS.ReadableStream;
}

/**
 * Erases everything that is known of a subject: hits, kept texts, appeals, strikes and steps.
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
  const { hits, texts, appeals, steps } = await withDatabase(options, (database, { subject: { keyEnv } }) =>
    forgetSubject(database, subjectId(requireSecret(keyEnv, 'subjects'), given), Date.now()),
  );
  const others = [
    ...(texts === 0 ? [] : [count(texts, 'kept text')]),
    ...(appeals === 0 ? [] : [count(appeals, 'appeal')]),
    ...(steps === 0 ? [] : [`${steps} of its strikes and steps`]),
  ];
  stdout.write(`${[count(hits, 'hit'), ...others].join(', ')} erased\n`);
}
