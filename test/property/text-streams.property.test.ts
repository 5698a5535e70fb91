import fc from 'fast-check';
import { type Adapter, adapterNamed, createPlainFormat } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import { type Framing, NDJSON, PLAIN_TEXT, SSE, type StreamEvent } from '../../src/framing/index.js';
import { createMetrics, createScreen } from '../../src/http/index.js';
import { redactText } from '../../src/policy/index.js';
import { frozenClock } from '../support/clocks.js';
import { testModerator, testPolicy } from '../support/moderation.js';
import { recordingStore } from '../support/recording-store.js';

const moderator = testModerator();
const policy = testPolicy({});

/** A format as its backend writes it and its client reads it. */
interface Wire {
  readonly adapter: Adapter;
  readonly framing: Framing;
  /** Channels, each with the answer it is of. */
  readonly channels: readonly { readonly channel: string; readonly answer: string }[];
  readonly event: (channel: string, text: string) => StreamEvent;
  readonly end: readonly StreamEvent[];
  /** The texts of an event that reached the client, by channel. */
  readonly read: (event: StreamEvent) => readonly (readonly [channel: string, text: string])[];
}

const json = (value: unknown): StreamEvent => ({ data: JSON.stringify(value) });
const parse = ({ data }: StreamEvent) => JSON.parse(data);
const one = (channels: readonly string[]) => channels.map((channel) => ({ channel, answer: 'answer' }));
const LOGPROBS = (text: string) => [{ token: text, logprob: -1, bytes: [...Buffer.from(text)] }];

const WIRES: readonly (readonly [name: string, wire: Wire])[] = [
  [
    'ollama-chat',
    {
      adapter: adapterNamed('ollama-chat'),
      framing: NDJSON,
      channels: one(['message.content', 'message.thinking']),
      event: (channel, text) => {
        const message = { role: 'assistant', content: '', [channel.slice('message.'.length)]: text };
        return json({ model: 'm', created_at: 't', message, logprobs: LOGPROBS(text), done: false });
      },
      end: [json({ model: 'm', created_at: 't', message: { role: 'assistant', content: '' }, done: true })],
      read: (event) => {
        const { message = {}, moderation } = parse(event);
        if (moderation !== undefined) return [];
        return [
          ['message.content', message.content ?? ''],
          ['message.thinking', message.thinking ?? ''],
        ];
      },
    },
  ],
  [
    'ollama-generate',
    {
      adapter: adapterNamed('ollama-generate'),
      framing: NDJSON,
      channels: one(['response']),
      event: (_, text) => json({ model: 'm', response: text, done: false }),
      end: [json({ model: 'm', response: '', done: true, context: [1, 2, 3] })],
      read: (event) => [['response', parse(event).response ?? '']],
    },
  ],
  [
    'openai-completions',
    {
      adapter: adapterNamed('openai-completions'),
      framing: SSE,
      channels: [0, 1].map((index) => ({ channel: `choices[${index}].text`, answer: `choices[${index}]` })),
      event: (channel, text) => {
        const logprobs = { tokens: [text], token_logprobs: [-1], text_offset: [0] };
        const choice = { index: Number(channel[8]), text, logprobs, finish_reason: null };
        return json({ id: 'c', object: 'text_completion', model: 'm', choices: [choice] });
      },
      end: [
        json({ id: 'c', choices: [0, 1].map((index) => ({ index, text: '', finish_reason: 'stop' })) }),
        { data: '[DONE]' },
      ],
      read: (event) =>
        event.data === '[DONE]'
          ? []
          : (parse(event).choices ?? []).map((c: { index: number; text: string }) => [
              `choices[${c.index}].text`,
              c.text,
            ]),
    },
  ],
  [
    'JSON of a host, as events',
    {
      adapter: createPlainFormat({ request: [], response: ['delta', 'more.text'], end: '{"over":true}' }),
      framing: SSE,
      channels: one(['delta', 'more.text']),
      event: (channel, text) => json(channel === 'delta' ? { delta: text } : { more: { text } }),
      end: [json({ over: true })],
      read: (event) => {
        const { delta = '', more = {}, moderation } = parse(event);
        return moderation === undefined
          ? [
              ['delta', delta],
              ['more.text', more.text ?? ''],
            ]
          : [];
      },
    },
  ],
  [
    'JSON of a host, as lines',
    {
      adapter: createPlainFormat({ request: [], response: ['[].t'] }),
      framing: NDJSON,
      channels: one(['[0].t']),
      event: (_, text) => json([{ t: text }]),
      end: [],
      read: (event) => [['[0].t', parse(event)[0].t]],
    },
  ],
  [
    'text of a host, as events',
    {
      adapter: createPlainFormat({ request: 'text', response: 'text' }),
      framing: SSE,
      channels: one(['text']),
      event: (_, text) => ({ data: text }),
      end: [{ data: '[DONE]' }],
      read: ({ data }) => (data === '[DONE]' ? [] : [['text', data]]),
    },
  ],
  [
    'text of a host',
    {
      adapter: createPlainFormat({ request: 'text', response: 'text' }),
      framing: PLAIN_TEXT,
      channels: one(['text']),
      event: (_, text) => ({ data: text }),
      end: [],
      read: ({ data }) => [['text', data]],
    },
  ],
];

const PIECE = fc.constantFrom(
  ...[
    'blip',
    'zorgblat',
    ' city',
    'quux',
    'kkkkkk',
    'xxxxx',
    'well',
    ' ',
    '. ',
    '你',
    '。',
    '😀',
    'é',
    'gr',
    'umpf',
    '"',
    'q',
    'u',
  ],
);
const TEXT = fc.array(PIECE, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''));
const SAID = fc.array(fc.tuple(fc.nat(1), TEXT), { minLength: 1, maxLength: 10 });
const SIZES = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

function run({ adapter, framing }: Wire, wire: Buffer, sizes: readonly number[]) {
  const { store, entries } = recordingStore();
  const screen = createScreen({
    config: Config.parse({}),
    moderator,
    policies: new Map([['default', policy]]),
    store,
    clock: frozenClock,
    metrics: createMetrics(),
  });
  const asked = { stream: true, answers: 2, usage: false };
  const answers = adapter.name === 'openai-completions' ? 2 : 1;
  const stream = screen.openStream(
    adapter,
    { requestId: 'r', path: '/', policy, asked: { ...asked, answers } },
    framing,
  );
  let out = '';
  for (let at = 0, turn = 0; at < wire.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out += stream.push(wire.subarray(at, at + size));
    at += size;
  }
  out += stream.end();
  return { out, entries };
}

/** What the client has read, by channel. */
function released({ framing, read }: Wire, out: string): Map<string, string> {
  const parser = framing.createParser({ maxEventBytes: 1_000_000 });
  const texts = new Map<string, string>();
  for (const event of parser.end(parser.feed(Buffer.from(out)))) {
    for (const [channel, text] of read(event)) texts.set(channel, (texts.get(channel) ?? '') + text);
  }
  return texts;
}

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? (process.env['CI'] === undefined ? 150 : 750));

describe.each(WIRES)('a stream of %s', (_, wire) => {
  const bytesOf = (said: readonly (readonly [number, string])[]): Buffer => {
    const { channels, event, end, framing } = wire;
    const events = said.map(([index, text]) => event(channels[index % channels.length]!.channel, text));
    return Buffer.from([...events, ...end].map((each) => framing.encode(each)).join(''));
  };

  it('gets the same out, and the same record, however its bytes are cut', () => {
    fc.assert(
      fc.property(SAID, SIZES, (said, sizes) => {
        const bytes = bytesOf(said);
        const whole = run(wire, bytes, [bytes.length]);
        expect(run(wire, bytes, sizes)).toEqual(whole);
        expect(run(wire, bytes, [1])).toEqual(whole);
      }),
      { numRuns: RUNS },
    );
  });

  it('releases the redacted text up to a block and nothing else, and has the verdict of the whole text', () => {
    fc.assert(
      fc.property(SAID, SIZES, (said, sizes) => {
        const { out, entries } = run(wire, bytesOf(said), sizes);
        const read = released(wire, out);
        const { channels } = wire;
        const full = new Map<string, string>();
        for (const [index, text] of said) {
          const { channel } = channels[index % channels.length]!;
          full.set(channel, (full.get(channel) ?? '') + text);
        }
        const verdicts = new Map(
          [...full].map(([channel, text]) => [channel, moderator.moderate(text, { direction: 'output', policy })]),
        );
        const blocked = new Set(
          channels.filter(({ channel }) => verdicts.get(channel)?.applied === 'block').map(({ answer }) => answer),
        );
        for (const { channel, answer } of channels) {
          const text = full.get(channel);
          const verdict = verdicts.get(channel);
          if (text === undefined || verdict === undefined) continue;
          const safe = redactText(
            text,
            verdict.hits.filter(({ action }) => action === 'redact'),
            policy.mask,
          );
          const got = (read.get(channel) ?? '').replace(/(?:\n\n)?The reply was withheld.*$/s, '');
          if (!blocked.has(answer)) {
            expect(got).toBe(safe);
            const entry = entries.find(({ field }) => field === channel);
            expect([entry?.action ?? 'allow', entry?.hits ?? []]).toEqual([verdict.action, verdict.hits]);
          } else {
            expect(safe.startsWith(got)).toBe(true);
            const onset = Math.min(
              ...verdict.hits.filter(({ action }) => action === 'block').map(({ span }) => span.start),
              text.length,
            );
            const before = verdict.hits.filter(({ action, span }) => action === 'redact' && span.start < onset);
            const spans = before.map((hit) => ({ ...hit, span: { ...hit.span, end: Math.min(hit.span.end, onset) } }));
            expect(redactText(text.slice(0, onset), spans, policy.mask).startsWith(got)).toBe(true);
          }
        }
        if (blocked.size > 0) expect(entries.some(({ applied }) => applied === 'block')).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
