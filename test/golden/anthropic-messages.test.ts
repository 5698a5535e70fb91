import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anthropicMessages } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { testModerator, testPolicy } from '../support/moderation.js';
import { frozenClock } from '../support/clocks.js';

const FOLDER = join(__dirname, 'anthropic-messages');
const NAMES = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.in.sse') ? [file.slice(0, -'.in.sse'.length)] : []));

/** Returns what leaves of a stream that arrives in pieces of this size, with `quux` and `zorgblat` redacted and `grumpf` blocked. */
function screened(wire: Buffer, size: number): string {
  const policy = testPolicy({});
  const deps = { config: Config.parse({}), moderator: testModerator(), policies: new Map([['default', policy]]) };
  const screen = createScreen({ ...deps, store: undefined, clock: frozenClock, metrics: createMetrics() });
  const stream = screen.openStream(anthropicMessages, { requestId: 'req-1', path: '/v1/messages', policy });
  let out = '';
  for (let at = 0; at < wire.length; at += size) out += stream.push(wire.subarray(at, at + size));
  return out + stream.end();
}

describe.each(NAMES)('the stream %s', (name) => {
  const wire = readFileSync(join(FOLDER, `${name}.in.sse`));
  const expected = join(FOLDER, `${name}.out.sse`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(expected, screened(wire, wire.length));

  it.each([1, 7, 64, 100_000])('leaves as it should, in pieces of %i bytes', (size) => {
    expect(screened(wire, size)).toBe(readFileSync(expected, 'utf8'));
  });
});
