import fc from 'fast-check';
import { anthropicMessages } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import type { HitEntry } from '../../src/core/index.js';
import { SSE } from '../../src/framing/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import {
  call,
  citing,
  eventsOf,
  messageOf,
  readMessageWire,
  type StreamedBlock,
  text,
  thinking,
  wireOf,
} from '../support/anthropic-backend.js';
import { accumulate } from '../support/anthropic-client.js';
import { frozenClock } from '../support/clocks.js';
import { cut, JSON_SOURCE, TEXT } from '../support/cut-texts.js';
import { testModerator, testPolicy } from '../support/moderation.js';
import { recordingStore } from '../support/recording-store.js';

const moderator = testModerator();
const policy = testPolicy({});
const BLOCK: fc.Arbitrary<StreamedBlock> = fc.oneof(
  cut(TEXT).map((pieces) => text(...pieces)),
  fc.tuple(cut(TEXT), TEXT).map(([pieces, cited]) => citing(text(...pieces), cited)),
  cut(TEXT).map((pieces) => thinking(...pieces)),
  cut(JSON_SOURCE).map((pieces) => call(...pieces)),
  TEXT.map((title) => ({ start: { type: 'web_search_tool_result', content: [{ title }] }, deltas: [] })),
);
const BLOCKS = fc.array(BLOCK, { maxLength: 4 });
/** Events in no order at all, as broken backends send them; blocks mixed, line ends and beginnings of every kind. */
const INDEX = fc.integer({ min: 0, max: 2 });
const DELTA = fc.oneof(
  TEXT.map((said) => ({ type: 'text_delta', text: said })),
  TEXT.map((said) => ({ type: 'thinking_delta', thinking: said })),
  fc.oneof(JSON_SOURCE, TEXT).map((source) => ({ type: 'input_json_delta', partial_json: source })),
  fc.constant({ type: 'signature_delta', signature: 'c2ln' }),
  TEXT.map((said) => ({ type: 'citations_delta', citation: { cited_text: said } })),
  TEXT.map((said) => ({ type: 'new_delta', said, text: said })),
);
const ODD_EVENT = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('content_block_delta'), index: INDEX, delta: DELTA }) },
  {
    weight: 2,
    arbitrary: fc.tuple(INDEX, BLOCK, TEXT).map(([index, { start }, said]) => {
      return { type: 'content_block_start', index, content_block: { ...start, text: said } };
    }),
  },
  { weight: 2, arbitrary: INDEX.map((index) => ({ type: 'content_block_stop', index })) },
  fc.tuple(TEXT).map(([said]) => ({ type: 'message_start', message: { content: [{ type: 'text', text: said }] } })),
  fc.constantFrom('end_turn', null).map((reason) => ({ type: 'message_delta', delta: { stop_reason: reason } })),
  TEXT.map((said) => ({ type: 'error', error: { type: 'api_error', message: said } })),
  TEXT.map((said) => ({ type: 'new_event', said, delta: { text: said } })),
  fc.constant({ type: 'ping' }),
);
const ODD_WIRE = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 12, arbitrary: ODD_EVENT.map((event) => wireOf([event]).trimEnd()) },
        fc.constantFrom(': hello', 'data: [DONE]', 'data: {broken', 'data: 3', 'event: message_stop\ndata: {}'),
      ),
      fc.constantFrom('\n\n', '\r\n\r\n', '\r\r'),
    ),
    { maxLength: 16 },
  )
  .map((events) =>
    Buffer.from(events.map(([event, end]) => event.replace('\n', end.slice(0, end.length / 2)) + end).join('')),
  );
const SIZES = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });

function openScreen() {
  const { store, entries } = recordingStore();
  const config = Config.parse({});
  const deps = { config, moderator, policies: new Map([['default', policy]]), store, clock: frozenClock };
  return { entries, screen: createScreen({ ...deps, metrics: createMetrics() }) };
}

const exchange = { requestId: 'r', path: '/v1/messages', policy };

function stream(wire: Buffer, sizes: readonly number[], { cut: isCut = false } = {}) {
  const { entries, screen } = openScreen();
  const opened = screen.openStream(anthropicMessages, exchange);
  let out = '';
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out += opened.push(wire.subarray(at, at + size));
    at += size;
  }
  out += isCut ? opened.cut() : opened.end();
  return { out, entries, failure: opened.failure?.message };
}

const wireFor = (blocks: readonly StreamedBlock[]): Buffer => Buffer.from(wireOf(eventsOf(blocks)));
const isBlocked = (message: { stop_reason?: unknown }): boolean => message.stop_reason === 'refusal';

describe('a streamed message', () => {
  it('gets the same bytes out and the same record however its bytes are cut', () => {
    fc.assert(
      fc.property(BLOCKS, SIZES, (blocks, sizes) => {
        const wire = wireFor(blocks);
        expect(stream(wire, sizes)).toEqual(stream(wire, [wire.length]));
      }),
      { numRuns: 300 },
    );
  });

  it('gets the same bytes out and the same record whatever order its events are in, and wherever it breaks off', () => {
    fc.assert(
      fc.property(ODD_WIRE, SIZES, fc.boolean(), (wire, sizes, isCut) => {
        const options = { cut: isCut };
        expect(stream(wire, sizes, options)).toEqual(stream(wire, [Math.max(1, wire.length)], options));
      }),
      { numRuns: 300 },
    );
  });

  it('never lets a blocked word out on any channel, whatever order its events are in', () => {
    fc.assert(
      fc.property(ODD_WIRE, SIZES, (wire, sizes) => {
        const seen = anthropicMessages.openStream({ stream: true, answers: 1, usage: true });
        const texts = new Map<string, string>();
        const parser = SSE.createParser({ maxEventBytes: 1_000_000 });
        for (const [position, event] of parser.feed(Buffer.from(stream(wire, sizes).out)).entries()) {
          if (event.comment !== undefined) continue;
          const { deltas, fields } = seen.read(event);
          for (const { channel, text: said } of deltas) texts.set(channel, (texts.get(channel) ?? '') + said);
          for (const { path, text: said } of fields) texts.set(`${position} ${path}`, said);
        }
        for (const said of texts.values()) expect(said).not.toMatch(/(?<![\p{L}\p{N}])grumpf(?![\p{L}\p{N}])/u);
      }),
      { numRuns: 300 },
    );
  });

  it('is a whole message of the format, and what a client makes of it is the screened whole message or a part of it', async () => {
    await fc.assert(
      fc.asyncProperty(BLOCKS, SIZES, async (blocks, sizes) => {
        const message = await accumulate(readMessageWire(stream(wireFor(blocks), sizes).out));
        const { screen } = openScreen();
        const whole = await screen.screenOutput(anthropicMessages, messageOf(blocks), exchange);
        expect(isBlocked(message)).toBe(whole.blocked !== undefined);
        if (whole.blocked === undefined) expect(message).toMatchObject(whole.body as object);
        expect(JSON.stringify(message.content)).not.toMatch(/(?<!\p{L})grumpf(?!\p{L})/u);
        const runs = message.content.map((block) => (block.type === 'text' ? block.text : '\n')).join('');
        expect(runs).not.toMatch(/(?<!\p{L})grumpf(?!\p{L})/u);
      }),
      { numRuns: 400 },
    );
  });

  it('has of each block, when it is blocked, a part of the true text from its beginning, redactions apart', async () => {
    await fc.assert(
      fc.asyncProperty(BLOCKS, SIZES, async (blocks, sizes) => {
        const { out } = stream(wireFor(blocks), sizes);
        const original = messageOf(blocks) as { content: Record<string, unknown>[] };
        const message = await accumulate(readMessageWire(out));
        for (const [index, block] of message.content.entries()) {
          for (const key of ['text', 'thinking']) {
            const true_ = String(original.content[index]?.[key] ?? '');
            const parts = String(Reflect.get(block, key) ?? '').split('#');
            let at = 0;
            for (const [position, part] of parts.entries()) {
              const found = true_.indexOf(part, at);
              expect(found).toBeGreaterThanOrEqual(0);
              if (position === 0) expect(found).toBe(0);
              at = found + part.length;
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gets the record of the whole message', async () => {
    const told = ({ field, hits, applied }: HitEntry) => ({
      field: field.replace(/citations?(?:\[0\])?/, 'citation'),
      hits,
      applied,
    });
    await fc.assert(
      fc.asyncProperty(BLOCKS, async (blocks) => {
        const streamed = stream(wireFor(blocks), [7]);
        const { screen, entries } = openScreen();
        const whole = await screen.screenOutput(anthropicMessages, messageOf(blocks), exchange);
        fc.pre(whole.blocked === undefined);
        const sorted = (list: readonly HitEntry[]) => list.map(told).sort((a, b) => a.field.localeCompare(b.field));
        expect(sorted(streamed.entries)).toEqual(sorted(entries));
      }),
      { numRuns: 200 },
    );
  });
});
