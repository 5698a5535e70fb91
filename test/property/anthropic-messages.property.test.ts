import fc from 'fast-check';
import { anthropicMessages } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import type { HitEntry } from '../../src/core/index.js';
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
import { testModerator, testPolicy } from '../support/moderation.js';
import { recordingStore } from '../support/recording-store.js';

const moderator = testModerator();
const policy = testPolicy({});
const PIECES = ['blip', 'zorgblat', ' city', 'quux', 'xxxx', 'well', ' ', '. ', '你', '。', '😀', 'é', '"', '\\', '\n'];
/** Words that block are rare, or hardly any message would be read to its end. */
const WORDS = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...PIECES) },
  fc.constantFrom('grumpf', 'kkkkkk', 'gr', 'umpf'),
);
const TEXT = fc.array(WORDS, { maxLength: 6 }).map((parts) => parts.join(''));

/** A text in pieces, cut anywhere. */
function cut(source: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc
    .tuple(source, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }))
    .map(([whole, sizes]) => {
      const pieces: string[] = [];
      for (let at = 0; at < whole.length; at += pieces.at(-1)?.length ?? 1) {
        pieces.push(whole.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
      }
      return pieces;
    });
}

const JSON_SOURCE = fc
  .tuple(fc.dictionary(TEXT, fc.oneof(TEXT, fc.integer()), { maxKeys: 3 }), fc.boolean())
  .map(([input, escaped]) => {
    const source = JSON.stringify(input);
    // A word in escapes is a word all the same.
    return escaped
      ? source.replace(/[u你é]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : source;
  });
const BLOCK: fc.Arbitrary<StreamedBlock> = fc.oneof(
  cut(TEXT).map((pieces) => text(...pieces)),
  fc.tuple(cut(TEXT), TEXT).map(([pieces, cited]) => citing(text(...pieces), cited)),
  cut(TEXT).map((pieces) => thinking(...pieces)),
  cut(JSON_SOURCE).map((pieces) => call(...pieces)),
  TEXT.map((title) => ({ start: { type: 'web_search_tool_result', content: [{ title }] }, deltas: [] })),
);
const BLOCKS = fc.array(BLOCK, { maxLength: 4 });
const SIZES = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });

function openScreen() {
  const { store, entries } = recordingStore();
  const config = Config.parse({});
  const deps = { config, moderator, policies: new Map([['default', policy]]), store, clock: { now: () => 0 } };
  return { entries, screen: createScreen({ ...deps, metrics: createMetrics() }) };
}

const exchange = { requestId: 'r', path: '/v1/messages', policy };

function stream(wire: Buffer, sizes: readonly number[]) {
  const { entries, screen } = openScreen();
  const opened = screen.openStream(anthropicMessages, exchange);
  let out = '';
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out += opened.push(wire.subarray(at, at + size));
    at += size;
  }
  return { out: out + opened.end(), entries };
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

  it('is a whole message of the format, and what a client makes of it is the screened whole message or a part of it', async () => {
    await fc.assert(
      fc.asyncProperty(BLOCKS, SIZES, async (blocks, sizes) => {
        const message = await accumulate(readMessageWire(stream(wireFor(blocks), sizes).out));
        const { screen } = openScreen();
        const whole = await screen.screenOutput(anthropicMessages, messageOf(blocks), exchange);
        expect(isBlocked(message)).toBe(whole.blocked !== undefined);
        if (whole.blocked === undefined) expect(message).toMatchObject(whole.body as object);
        expect(JSON.stringify(message.content)).not.toMatch(/(?<!\p{L})grumpf(?!\p{L})/u);
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
