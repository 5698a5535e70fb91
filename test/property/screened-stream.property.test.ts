import fc from 'fast-check';
import { openaiChat } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { frozenClock } from '../support/clocks.js';
import { testModerator, testPolicy } from '../support/moderation.js';
import { recordingStore } from '../support/recording-store.js';

const moderator = testModerator();
const policy = testPolicy({ hold: { maxHoldChars: 60 } });
const PIECES = [
  'blip',
  'zorgblat',
  ' city',
  'quux',
  'xxxx',
  'kkkkkk',
  'well',
  ' ',
  '. ',
  '你',
  '。',
  '😀',
  '\ud83d',
  'é',
  'gr',
  'umpf',
  '"',
  '\n',
];
const TEXT = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((parts) => parts.join(''));

/** A text under a key that the format does not know stands deep. */
const deep = (key: string, text: string): unknown => (key === 'odd' ? [{ said: text }] : text);

/** An event as a backend may send it; escapes and line ends vary, since none of them may matter. */
const EVENT = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        text: TEXT,
        index: fc.integer({ min: 0, max: 1 }),
        key: fc.constantFrom('content', 'content', 'reasoning_content', 'tool', 'odd', 'bare'),
        finish: fc.constantFrom(null, null, null, null, 'stop'),
        escaped: fc.boolean(),
      })
      .map(({ text, index, key, finish, escaped }) => {
        const source = JSON.stringify(text);
        const delta =
          key === 'tool' ? { tool_calls: [{ index: 0, function: { arguments: source } }] } : { [key]: deep(key, text) };
        const chunk = { id: 'c', choices: [{ index, delta, finish_reason: finish }] };
        const json = JSON.stringify(key === 'bare' ? text : chunk);
        // Also splits inside `\uXXXX`, and between the escapes of one surrogate pair.
        return `data: ${escaped ? json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) : json}`;
      }),
  },
  fc.constantFrom(
    ': keep-alive',
    'data: [DONE]',
    'data: {"choices":[],"usage":{"total_tokens":3}}',
    'data: {"error":{"message":"grumpf and quux"}}',
    'data: {broken',
    `data: ${'y'.repeat(700)}`,
  ),
);
const WIRE = fc
  .tuple(
    fc.array(fc.tuple(EVENT, fc.constantFrom('\n\n', '\r\n\r\n', '\r\r')), { maxLength: 14 }),
    fc.constantFrom('', 'data: {"choices":[]}', 'data: {"ha'),
  )
  .map(([events, tail]) => Buffer.from(events.map(([event, end]) => event + end).join('') + tail));

function run(wire: Buffer, { sizes, cut }: { sizes: readonly number[]; cut: boolean }) {
  const { store, entries } = recordingStore();
  const config = Config.parse({ limits: { maxEventBytes: 600 } });
  const policies = new Map([['default', policy]]);
  const screen = createScreen({
    config,
    moderator,
    policies,
    store,
    clock: frozenClock,
    metrics: createMetrics(),
  });
  const asked = { stream: true, answers: 2, usage: true };
  const stream = screen.openStream(openaiChat, { requestId: 'r', path: '/', policy, asked });
  let out = '';
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out += stream.push(wire.subarray(at, at + size));
    at += size;
  }
  out += cut ? stream.cut() : stream.end();
  return { out, entries, blocked: stream.blocked, failure: stream.failure?.message };
}

describe('an event stream', () => {
  it('gets the same bytes out, the same record and the same end however its bytes are cut', () => {
    fc.assert(
      fc.property(
        WIRE,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (wire, sizes, cut) => {
          expect(run(wire, { sizes, cut })).toEqual(run(wire, { sizes: [Math.max(1, wire.length)], cut }));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gets the same out byte by byte', () => {
    fc.assert(
      fc.property(WIRE, (wire) => {
        const options = { cut: false };
        expect(run(wire, { ...options, sizes: [1] })).toEqual(run(wire, { ...options, sizes: [wire.length + 1] }));
      }),
      { numRuns: 200 },
    );
  });

  it('never lets a blocked word out, in any channel', () => {
    fc.assert(
      fc.property(WIRE, (wire) => {
        const { out } = run(wire, { sizes: [7], cut: false });
        const reader = openaiChat.openStream({ stream: true, answers: 2, usage: true });
        const byChannel = new Map<string, string>();
        for (const line of out.split('\n').filter((text) => /^data: [{"]/.test(text))) {
          for (const { channel, text } of reader.read({ data: line.slice(6) }).deltas) {
            byChannel.set(channel, (byChannel.get(channel) ?? '') + text);
          }
        }
        for (const text of byChannel.values()) expect(text).not.toMatch(/(?:^|[ .\n])grumpf(?:$|[ .\n])/);
        expect(out).not.toMatch(/"message":"grumpf/);
      }),
      { numRuns: 200 },
    );
  });
});
