import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { frozenClock } from './clocks.js';
import { testModerator, testPolicy } from './moderation.js';

/**
 * Defines the tests of a folder of recorded streams: what leaves of `name.in.<ending>` is `name.out.<ending>`, however the
 * bytes are cut. `quux` and `zorgblat` are redacted, `grumpf` blocks. `request` is what the streams answer.
 */
export function testGoldenStreams(
  adapter: Adapter,
  { folder, ending, request }: { folder: string; ending: string; request?: object | undefined },
): void {
  const suffix = `.in.${ending}`;
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : []));
  describe.each(names)(`the ${adapter.name} stream %s`, (name) => {
    const wire = readFileSync(join(folder, name + suffix));
    const expected = join(folder, `${name}.out.${ending}`);
    const screen = (size: number): string => screened(adapter, wire, { size, request });
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(expected, screen(wire.length));

    it.each([1, 7, 64, 100_000])('leaves as it should, in pieces of %i bytes', (size) => {
      expect(screen(size)).toBe(readFileSync(expected, 'utf8'));
    });
  });
}

function screened(
  adapter: Adapter,
  wire: Buffer,
  { size, request }: { readonly size: number; readonly request: object | undefined },
): string {
  const policy = testPolicy({});
  const deps = { config: Config.parse({}), moderator: testModerator(), policies: new Map([['default', policy]]) };
  const screen = createScreen({ ...deps, store: undefined, clock: frozenClock, metrics: createMetrics() });
  const asked = request === undefined ? {} : { asked: adapter.readAsked(request) };
  const stream = screen.openStream(adapter, { requestId: 'req-1', path: '/', policy, ...asked });
  let out = '';
  for (let at = 0; at < wire.length; at += size) out += stream.push(wire.subarray(at, at + size));
  return out + stream.end();
}
