import fc from 'fast-check';
import { openaiChat } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import { SSE } from '../../src/framing/index.js';
import { AnnotatedStream } from '../../src/http/annotated-stream.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { frozenClock } from '../support/clocks.js';
import { testModerator, testPolicy } from '../support/moderation.js';

const moderator = testModerator();
const policy = { ...testPolicy({}), mode: 'annotate' as const };
const EVENT = fc.oneof(
  fc
    .record({ text: fc.constantFrom('quux ', 'grumpf', 'wé 你', '\n'), finish: fc.constantFrom(null, null, 'stop') })
    .map(
      ({ text, finish }) =>
        `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] })}`,
    ),
  fc.constantFrom(': note', 'data: [DONE]', 'data: {broken', `data: ${'y'.repeat(300)}`, '', 'event: x'),
);
const WIRE = fc
  .array(fc.tuple(EVENT, fc.constantFrom('\n\n', '\r\n\r\n', '\r\r', '\n')), { maxLength: 8 })
  .map((events) => Buffer.from(events.map((event) => event.join('')).join('')));

function run(wire: Buffer, size: number): { out: string; failure: string | undefined } {
  const config = Config.parse({ limits: { maxEventBytes: 200 } });
  const deps = { config, moderator, policies: new Map([['default', policy]]), store: undefined };
  const screen = createScreen({ ...deps, clock: frozenClock, metrics: createMetrics() });
  const exchange = { requestId: 'r', path: '/', policy };
  const stream = screen.openStream(openaiChat, exchange);
  const annotated = new AnnotatedStream({ stream, adapter: openaiChat, exchange, framing: SSE, maxEventBytes: 200 });
  const out: Buffer[] = [];
  for (let at = 0; at < wire.length; at += size) out.push(annotated.push(wire.subarray(at, at + size)));
  out.push(annotated.end());
  return { out: Buffer.concat(out).toString(), failure: stream.failure?.message };
}

it('gives the same bytes and the same end however the bytes are cut', () => {
  fc.assert(
    fc.property(WIRE, fc.integer({ min: 1, max: 50 }), (wire, size) => {
      expect(run(wire, size)).toEqual(run(wire, Math.max(1, wire.length)));
    }),
    { numRuns: 300 },
  );
});

it('changes nothing but events that end an answer', () => {
  fc.assert(
    fc.property(WIRE, (wire) => {
      const { out } = run(wire, 9);
      if (!wire.includes('"stop"')) expect(out).toBe(wire.toString());
    }),
    { numRuns: 200 },
  );
});
