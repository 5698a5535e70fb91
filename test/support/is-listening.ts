import { spawnSync } from 'node:child_process';

/** A server of the tests that may be missing. */
export interface TestServer {
  readonly name: string;
  readonly url: string;
  readonly defaultPort: number;
  /** Environment variable that names another one. */
  readonly variable: string;
}

/**
 * `describe`, or, with a notice, `describe.skip` where the server does not answer. With CI=true it always runs, so that nobody
 * takes a suite that never ran for one that passed.
 */
export function describeWith(server: TestServer): jest.Describe {
  return process.env['CI'] === 'true' || isListening(server) ? describe : describe.skip;
}

function isListening({ name, url, defaultPort, variable }: TestServer): boolean {
  const { hostname, port } = new URL(url);
  const code = `require('net').connect(${Number(port || defaultPort)}, ${JSON.stringify(hostname)}, () => process.exit(0)).on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 2000)`;
  const there = spawnSync(process.execPath, ['-e', code]).status === 0;
  if (!there) console.warn(`${name} does not answer: its suites are skipped (${variable} names the server)`);
  return there;
}
