import { expiriesAt, HitEraser } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/**
 * Erases what is older than the config allows, as `serve` does once an hour.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function hitsExpire(options: DatabaseOptions, { stdout }: HitsStreams): Promise<void> {
  const erased = await withDatabase(options, (database, { retention }) => {
    const nowMs = Date.now();
    return new HitEraser(database).expire(expiriesAt(retention, nowMs), nowMs);
  });
  stdout.write(`${erased} ${erased === 1 ? 'hit' : 'hits'} erased\n`);
}
