import fc from 'fast-check';
import { openaiResponses } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import type { HitEntry } from '../../src/core/index.js';
import { SSE } from '../../src/framing/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { wireOf } from '../support/anthropic-backend.js';
import { frozenClock } from '../support/clocks.js';
import { cut, JSON_SOURCE, TEXT } from '../support/cut-texts.js';
import { testModerator, testPolicy } from '../support/moderation.js';
import { recordingStore } from '../support/recording-store.js';
import { accumulateResponse, responseEvents, responseOf, type StreamedItem } from '../support/responses-backend.js';

const moderator = testModerator();
const policy = testPolicy({});
const ANNOTATION = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), TEXT)
  .map(([start, length, title]) => {
    return { type: 'url_citation', start_index: start, end_index: start + length, url: 'https://a', title };
  });
const PART = fc.record({
  type: fc.constantFrom('output_text' as const, 'output_text' as const, 'refusal' as const),
  pieces: cut(TEXT),
  annotations: fc.array(ANNOTATION, { maxLength: 2 }),
});
const ITEM: fc.Arbitrary<StreamedItem> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(PART, { minLength: 1, maxLength: 3 }).map((parts) => ({ type: 'message' as const, parts })),
  },
  cut(TEXT).map((pieces) => ({ type: 'reasoning' as const, pieces })),
  cut(JSON_SOURCE).map((pieces) => ({ type: 'function_call' as const, pieces })),
);
const ITEMS = fc
  .array(ITEM, { maxLength: 4 })
  // Only texts are annotated.
  .map((items) =>
    items.map((item) =>
      item.type !== 'message'
        ? item
        : {
            ...item,
            parts: item.parts.map((part) => (part.type === 'refusal' ? { ...part, annotations: [] } : part)),
          },
    ),
  );
const SIZES = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });

/** Events in no order at all, as broken backends send them. */
const INDEX = fc.integer({ min: 0, max: 1 });
const AT = fc.record({ output_index: INDEX, content_index: INDEX });
const ODD_EVENT = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(AT, fc.constantFrom('output_text', 'refusal', 'reasoning_text', 'zorg'), TEXT)
      .map(([at, kind, delta]) => ({ type: `response.${kind}.delta`, ...at, delta })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(INDEX, fc.oneof(JSON_SOURCE, TEXT))
      .map(([index, delta]) => ({ type: 'response.function_call_arguments.delta', output_index: index, delta })),
  },
  fc.tuple(AT, TEXT).map(([at, text]) => ({ type: 'response.output_text.done', ...at, text })),
  fc
    .tuple(AT, TEXT)
    .map(([at, text]) => ({ type: 'response.content_part.added', ...at, part: { type: 'output_text', text } })),
  fc.tuple(INDEX, ITEM).map(([index, item]) => {
    const [whole] = responseOf([item])['output'] as object[];
    return { type: 'response.output_item.added', output_index: index, item: whole };
  }),
  ITEMS.map((items) => ({ type: 'response.completed', response: responseOf(items) })),
  TEXT.map((message) => ({ type: 'error', message })),
  TEXT.map((said) => ({ type: 'response.zorg', said })),
  TEXT.map((said) => ({ type: 'zorg', said })),
);
const ODD_WIRE = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: ODD_EVENT.map((event) => wireOf([event])) },
      fc.constantFrom(': hello\n\n', 'data: [DONE]\n\n', 'data: {broken\n\n', 'data: 3\n\n'),
    ),
    { maxLength: 16 },
  )
  .map((events) => Buffer.from(events.join('')));

function openScreen() {
  const { store, entries } = recordingStore();
  const config = Config.parse({});
  const deps = { config, moderator, policies: new Map([['default', policy]]), store, clock: frozenClock };
  return { entries, screen: createScreen({ ...deps, metrics: createMetrics() }) };
}

const exchange = { requestId: 'r', path: '/v1/responses', policy };

function stream(wire: Buffer, sizes: readonly number[], { cut: isCut = false } = {}) {
  const { entries, screen } = openScreen();
  const opened = screen.openStream(openaiResponses, exchange);
  let out = '';
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out += opened.push(wire.subarray(at, at + size));
    at += size;
  }
  out += isCut ? opened.cut() : opened.end();
  return { out, entries, failure: opened.failure?.message };
}

const wireFor = (items: readonly StreamedItem[]): Buffer => Buffer.from(wireOf(responseEvents(items)));
/** A word that blocks, with nothing that makes it another word around it. */
const BLOCKED = /(?<![\p{L}\p{N}])grumpf(?![\p{L}\p{N}])/u;

describe('a streamed response', () => {
  it('gets the same bytes out and the same record however its bytes are cut', () => {
    fc.assert(
      fc.property(ITEMS, SIZES, (items, sizes) => {
        const wire = wireFor(items);
        expect(stream(wire, sizes)).toEqual(stream(wire, [wire.length]));
      }),
      { numRuns: 100 },
    );
  });

  it('gets the same out whatever order its events are in, and wherever it breaks off', () => {
    fc.assert(
      fc.property(ODD_WIRE, SIZES, fc.boolean(), (wire, sizes, isCut) => {
        const options = { cut: isCut };
        expect(stream(wire, sizes, options)).toEqual(stream(wire, [Math.max(1, wire.length)], options));
      }),
      { numRuns: 150 },
    );
  });

  it('never lets a blocked word out on any channel, whatever order its events are in', () => {
    fc.assert(
      fc.property(ODD_WIRE, SIZES, (wire, sizes) => {
        const seen = openaiResponses.openStream({ stream: true, answers: 1, usage: true });
        const texts = new Map<string, string>();
        const parser = SSE.createParser({ maxEventBytes: 1_000_000 });
        for (const [position, event] of parser.feed(Buffer.from(stream(wire, sizes).out)).entries()) {
          if (event.comment !== undefined) continue;
          const { deltas, fields } = seen.read(event);
          for (const { channel, text } of deltas) texts.set(channel, (texts.get(channel) ?? '') + text);
          for (const { path, text } of fields) texts.set(`${position} ${path}`, text);
        }
        for (const said of texts.values()) expect(said).not.toMatch(BLOCKED);
      }),
      { numRuns: 150 },
    );
  });

  it('is a whole stream of the format, and what a client makes of it is the screened whole response or a part of it', async () => {
    await fc.assert(
      fc.asyncProperty(ITEMS, SIZES, async (items, sizes) => {
        const { out } = stream(wireFor(items), sizes);
        const response = await accumulateResponse(out);
        const { screen } = openScreen();
        const whole = await screen.screenOutput(openaiResponses, responseOf(items), exchange);
        const isBlocked = response.incomplete_details?.reason === 'content_filter';
        expect(isBlocked).toBe(whole.blocked !== undefined);
        const numbers = [...out.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number));
        expect(numbers).toEqual(numbers.map((_, index) => index));
        if (!isBlocked) expect(response).toMatchObject(whole.body as object);
        expect(JSON.stringify(response.output)).not.toMatch(BLOCKED);
        // Parts and messages are read on from one to the next.
        const said = response.output.map((item) =>
          item.type === 'message'
            ? item.content.map((part) => (part.type === 'output_text' ? part.text : '\n')).join('')
            : '\n',
        );
        expect(said.join('')).not.toMatch(BLOCKED);
      }),
      { numRuns: 150 },
    );
  });

  it('gets the record of the whole response', async () => {
    const told = ({ field, hits, applied }: HitEntry) => ({ field, hits, applied });
    await fc.assert(
      fc.asyncProperty(ITEMS, async (items) => {
        const streamed = stream(wireFor(items), [7]);
        const { screen, entries } = openScreen();
        const whole = await screen.screenOutput(openaiResponses, responseOf(items), exchange);
        fc.pre(whole.blocked === undefined);
        const sorted = (list: readonly HitEntry[]) => list.map(told).sort((a, b) => a.field.localeCompare(b.field));
        expect(sorted(streamed.entries)).toEqual(sorted(entries));
      }),
      { numRuns: 100 },
    );
  });
});
