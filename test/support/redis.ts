import { describeWith } from './is-listening.js';

/** Server of the tests. */
export const REDIS_URL = process.env['SLUICE_TEST_REDIS'] ?? 'redis://127.0.0.1:6379';

/** `describe` for suites that need Redis. */
export const describeRedis = describeWith({
  name: 'Redis',
  url: REDIS_URL,
  defaultPort: 6379,
  variable: 'SLUICE_TEST_REDIS',
});
