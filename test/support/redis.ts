import { spawnSync } from 'node:child_process';

/** Server of the tests. */
export const REDIS_URL = process.env['SLUICE_TEST_REDIS'] ?? 'redis://127.0.0.1:6379';

/** `describe`, or, with a notice, `describe.skip` where no Redis answers. With CI=true it always runs. */
export const describeRedis = process.env['CI'] === 'true' || isThere() ? describe : describe.skip;

function isThere(): boolean {
  const { hostname, port } = new URL(REDIS_URL);
  const code = `require('net').connect(${Number(port || 6379)}, ${JSON.stringify(hostname)}, () => process.exit(0)).on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 2000)`;
  const there = spawnSync(process.execPath, ['-e', code]).status === 0;
  if (!there) console.warn('Redis does not answer: its suites are skipped (SLUICE_TEST_REDIS names the server)');
  return there;
}
