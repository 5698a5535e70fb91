import { eraseExpired } from '../store/index.js';
import { count } from './count.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/**
 * Erases what is older than the config allows, as `serve` does once an hour.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function hitsExpire(options: DatabaseOptions, { stdout }: HitsStreams): Promise<void> {
  const { hits, texts, appeals } = await withDatabase(options, (database, config) =>
    eraseExpired(database, config, Date.now()),
  );
  const others = [
    ...(texts === 0 ? [] : [count(texts, 'kept text')]),
    ...(appeals === 0 ? [] : [count(appeals, 'appeal')]),
  ];
  stdout.write(`${[count(hits, 'hit'), ...others].join(', ')} erased\n`);
}
