import fc from 'fast-check';
import { type Adapter, adapterNamed, openaiChat } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { frozenClock } from '../support/clocks.js';
import { testModerator, testPolicy } from '../support/moderation.js';
import { recordingStore } from '../support/recording-store.js';

const moderator = testModerator();
const policy = testPolicy({ hold: { maxHoldChars: 60 } });

/** Mostly texts that stand for themselves in JSON, and some that do not, or that stand elsewhere in the event too. */
const PIECE = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('zorg', 'blat', 'zorgblat', ' city', 'quux', 'gr', 'umpf', ' ', '. ', 'well', '你'),
  },
  fc.constantFrom('"', '\\', '\n', '', 'c', 'stop', 'null', ',', '{"a":"', '\ud83d', '😀', 'text', 'delta', ': '),
);
const TEXT = fc.array(PIECE, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

interface Event {
  readonly text: string;
  readonly index: number;
  readonly extra: object;
}

const EVENT: fc.Arbitrary<Event> = fc.record({
  text: TEXT,
  index: fc.constantFrom(0, 0, 0, 1),
  extra: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    fc.constantFrom(
      { usage: { total_tokens: 3 } },
      { system_fingerprint: 'quux' },
      { note: 'grumpf' },
      { logprobs: null },
      { signature: 'zorgblat' },
    ),
  ),
});

const chat = ({ text, index, extra }: Event): string =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index, delta: { content: text }, finish_reason: null }], ...extra })}\n\n`;
const messages = ({ text, index, extra }: Event): string =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index, delta: { type: 'text_delta', text, ...extra } })}\n\n`;

/** The same format, which parses every event. */
function parsing(adapter: Adapter): Adapter {
  return {
    ...adapter,
    openStream(asked) {
      const format = adapter.openStream(asked);
      return Object.assign(Object.create(format), {
        read: format.read.bind(format),
        write: format.write.bind(format),
        frameText: format.frameText.bind(format),
        frameBlocked: format.frameBlocked.bind(format),
        frameEnd: format.frameEnd.bind(format),
        frameError: format.frameError.bind(format),
        annotate: format.annotate.bind(format),
        leave: format.leave.bind(format),
        readAgain: undefined,
      });
    },
  };
}

function run(adapter: Adapter, wire: string) {
  const { store, entries } = recordingStore();
  const policies = new Map([['default', policy]]);
  const parts = { config: Config.parse({}), moderator, policies, store, clock: frozenClock, metrics: createMetrics() };
  const asked = { stream: true, answers: 2, usage: true };
  const stream = createScreen(parts).openStream(adapter, { requestId: 'r', path: '/', policy, asked });
  const out = stream.push(Buffer.from(wire)) + stream.end();
  return { out, entries, blocked: stream.blocked, failure: stream.failure?.message };
}

describe('an event that differs from the one before in its text alone', () => {
  it.each([
    ['chat', openaiChat, chat, 'data: [DONE]\n\n'],
    [
      'messages',
      adapterNamed('anthropic-messages'),
      messages,
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ],
  ])('leaves and is recorded as if it had been parsed: %s', (_name, adapter, write, last) => {
    fc.assert(
      fc.property(fc.array(EVENT, { maxLength: 14 }), (events) => {
        const wire = events.map(write).join('') + last;
        expect(run(adapter, wire)).toEqual(run(parsing(adapter), wire));
      }),
      { numRuns: 600 },
    );
  });
});
