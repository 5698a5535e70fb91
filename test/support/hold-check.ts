import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { adapterNamed } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import {
  CATEGORIES,
  CATEGORY_INDEX,
  type ListCounts,
  type TextClassifier,
  type Verdict,
} from '../../src/core/index.js';
import { type Framing, NDJSON, SSE } from '../../src/framing/index.js';
import { createMetrics, createScreen, type Screen } from '../../src/http/index.js';
import { buildLexicon, parseList } from '../../src/lexicon/index.js';
import { Moderator, type StreamModerator } from '../../src/moderator/index.js';
import { type ResolvedPolicy, redactText, resolvePolicies } from '../../src/policy/index.js';
import { frozenClock } from './clocks.js';
import type { HoldText, HoldWorld } from './hold-world.js';

/** How many checks came to what, so that a run can show that it proved something. */
export type HoldTally = Map<string, number>;

/** Texts that are streamed side by side. */
const CHANNELS = 3;
/** One group of texts in this many also goes through a wire format, byte by byte. */
const WIRED = 4;

/** Weighs the `x` of a window as `crime` (redacted), the `k` as `violence` (blocked), and list hits as `harassment` (redacted). */
export const classifier: TextClassifier = {
  version: 'fake',
  backend: 'kernel',
  score: (text, counts) => scoreOf(text.length, count(text, 'x'), count(text, 'k'), counts),
  begin: () => {
    let [length, crosses, strokes] = [0, 0, 0];
    return {
      append: (piece) => {
        length += piece.length;
        crosses += count(piece, 'x');
        strokes += count(piece, 'k');
      },
      scores: (counts) => scoreOf(length, crosses, strokes, counts),
    };
  },
  dispose: () => undefined,
};

function count(text: string, letter: string): number {
  let found = 0;
  for (const char of text) if (char === letter) found += 1;
  return found;
}

function scoreOf(length: number, crosses: number, strokes: number, counts: ListCounts = []): Float32Array {
  const scores = new Float32Array(CATEGORIES.length);
  const share = (letters: number): number => Math.min(0.9, (3 * letters) / (length + 6));
  let listed = 0;
  for (let index = 0; index < counts.length; index += 1) listed += counts[index] ?? 0;
  scores[CATEGORY_INDEX.crime] = share(crosses);
  scores[CATEGORY_INDEX.violence] = share(strokes);
  scores[CATEGORY_INDEX.harassment] = Math.min(0.9, listed * 0.22);
  return scores;
}

/**
 * Streams every text of a world, several side by side, whole and in pieces, and throws when what left, or the verdict, is not what
 * the whole text says it must be.
 */
export function checkHoldWorld(world: HoldWorld, tally: HoldTally = new Map()): void {
  const { list, mask, texts } = world;
  const lexicon = buildLexicon([parseList({ text: list, file: 'world.txt', language: 'en', category: 'abusive' })]);
  const moderator = new Moderator({ lexicon, classifier, cacheMaxBytes: 0 });
  for (let from = 0, group = 0; from < texts.length; from += CHANNELS, group += 1) {
    const side = texts.slice(from, from + CHANNELS);
    try {
      checkGroup(moderator, side, { mask, tally, wired: group % WIRED === 0 });
    } catch (cause) {
      throw new Error(`of the list\n${list}\nand the mask '${mask}', the texts\n${JSON.stringify(side)}`, { cause });
    }
  }
}

function checkGroup(
  moderator: Moderator,
  side: readonly HoldText[],
  { mask, tally, wired }: { mask: string; tally: HoldTally; wired: boolean },
): void {
  const policies = side.map((text) => policyOf(text, mask));
  const runs = streamTogether(moderator, side, policies);
  for (const [index, run] of runs.entries()) {
    const [text, policy] = [side[index] as HoldText, policies[index] as ResolvedPolicy];
    const [whole] = streamTogether(moderator, [{ ...text, sizes: [text.text.length + 1] }], [policy]);
    deepStrictEqual(run, whole);
    checkAgainstWhole(run, { text, policy, verdict: moderator.moderate(text.text, { direction: 'output', policy }) });
    note(tally, run, text);
  }
  if (wired) checkWire(moderator, { texts: side, policy: policies[0] as ResolvedPolicy, tally });
}

interface Run {
  readonly released: string;
  readonly blocked: boolean;
  readonly verdict: Verdict;
}

/** Streams texts side by side, a piece of each in turn. */
function streamTogether(moderator: Moderator, texts: readonly HoldText[], policies: readonly ResolvedPolicy[]): Run[] {
  const states = texts.map(({ text, sizes }, index) => ({
    text,
    sizes,
    at: 0,
    turn: 0,
    released: '',
    stream: moderator.openStream({
      direction: 'output',
      policy: policies[index] as ResolvedPolicy,
      clock: frozenClock,
    }),
  }));
  for (let open = true; open; ) {
    open = false;
    for (const state of states) {
      if (state.at >= state.text.length) continue;
      open = true;
      const size = state.sizes[state.turn % state.sizes.length] ?? 1;
      state.released += state.stream.push(state.text.slice(state.at, state.at + size));
      state.at += size;
      state.turn += 1;
    }
  }
  return states.map(({ stream, released }) => finish(stream, released));
}

function finish(stream: StreamModerator, released: string): Run {
  const all = released + stream.end();
  return { released: all, blocked: stream.blocked, verdict: stream.verdict() };
}

function checkAgainstWhole(
  { released, blocked, verdict }: Run,
  { text: { text, mode }, policy, verdict: whole }: { text: HoldText; policy: ResolvedPolicy; verdict: Verdict },
): void {
  if (verdict.hold?.effect !== 'blocked') strictEqual(blocked, verdict.action === 'block');
  // Nothing of the stream's own: every hit stands in the whole text too.
  for (const hit of verdict.hits) ok(whole.hits.some((other) => JSON.stringify(other) === JSON.stringify(hit)));
  if (mode === 'none') ok(text.startsWith(released));
  if (!blocked) deepStrictEqual(verdict.hits, whole.hits);
  if (verdict.hold !== undefined) {
    if (policy.mask !== '') ok(isRedactedStart(released, text, policy.mask));
    return;
  }
  if (!blocked) {
    deepStrictEqual(verdict, whole);
    strictEqual(released, redactText(text, whole.hits, policy.mask));
    return;
  }
  strictEqual(whole.action, 'block');
  const starts = whole.hits.filter(({ action }) => action === 'block').map(({ span }) => span.start);
  const limit = Math.min(...starts);
  const before = whole.hits.filter(({ action, span }) => action === 'redact' && span.start < limit);
  const clipped = before.map((hit) => ({ ...hit, span: { ...hit.span, end: Math.min(hit.span.end, limit) } }));
  ok(redactText(text.slice(0, limit), clipped, policy.mask).startsWith(released));
  if (mode === 'answer') strictEqual(released, '');
}

/** Whether `released` is the start of `text` with some parts of it replaced by the mask. */
function isRedactedStart(released: string, text: string, mask: string): boolean {
  const [first = '', ...parts] = released.split(mask);
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}

function note(tally: HoldTally, { verdict }: Run, { mode }: HoldText): void {
  const add = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
  add('texts');
  add(`hold ${mode}`);
  add(`action ${verdict.action}`);
  if (verdict.hold !== undefined) add(`${verdict.hold.cause}, ${verdict.hold.effect}`);
  for (const source of new Set(verdict.hits.map(({ source }) => source))) add(`hit of the ${source}`);
}

const known = new Map<string, ResolvedPolicy>();

/** Flags severity 2, redacts severity 3, `crime` and `harassment`, blocks severity 4 and `violence`. */
function policyOf({ mode, maxHoldChars, onHoldLimit }: HoldText, mask: string): ResolvedPolicy {
  const key = JSON.stringify([mode, maxHoldChars, onHoldLimit, mask]);
  const made =
    known.get(key) ??
    resolvePolicies({
      policies: {
        default: {
          output: {
            hold: mode,
            maxHoldChars,
            onHoldLimit,
            abusive: { flag: 0.75, redact: 0.9, block: 0.99 },
            crime: { flag: 0.3, redact: 0.6 },
            harassment: { flag: 0.3, redact: 0.6 },
            violence: { flag: 0.3, block: 0.6 },
          },
          severityScores: { '1': 0.5, '2': 0.75, '3': 0.97, '4': 0.995 },
          mask,
        },
      },
      mode: 'enforce',
      onDetectorError: 'block',
    }).get('default');
  if (made === undefined) throw new Error('no policy');
  known.set(key, made);
  return made;
}

/** A wire format: how its backend writes a text, and how its client reads it. */
interface Wire {
  readonly adapter: ReturnType<typeof adapterNamed>;
  readonly framing: Framing;
  readonly channels: number;
  /** What comes before the first text; nothing when left out. */
  readonly start?: string;
  readonly write: (channel: number, text: string) => string;
  readonly end: string;
  /** The text of an event, by channel. */
  readonly read: (value: never) => readonly (readonly [channel: number, text: string])[];
}

interface MessageEvent {
  readonly delta?: { readonly text?: string; readonly partial_json?: string };
}

interface Chunk {
  readonly choices?: readonly { readonly index: number; readonly delta?: { readonly content?: string } }[];
  readonly message?: { readonly content?: string };
  readonly moderation?: unknown;
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const choice = (index: number, delta: object, finish: string | null) => ({ index, delta, finish_reason: finish });
const event = (type: string, fields: object = {}): string => `event: ${type}\n${data({ type, ...fields })}`;
const delta = (fields: object): string => event('content_block_delta', { index: 0, delta: fields });
const inputDelta = (source: string): string => delta({ type: 'input_json_delta', partial_json: source });
const message = event('message_start', { message: { id: 'm', content: [], usage: { output_tokens: 1 } } });
const startOf = (block: object): string => message + event('content_block_start', { index: 0, content_block: block });
const messageEnd =
  event('content_block_stop', { index: 0 }) +
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }) +
  event('message_stop');
const WIRES: readonly Wire[] = [
  {
    adapter: adapterNamed('anthropic-messages'),
    framing: SSE,
    channels: 1,
    start: startOf({ type: 'text', text: '' }),
    write: (_, text) => delta({ type: 'text_delta', text }),
    end: messageEnd,
    read: ({ delta }: MessageEvent) => [[0, delta?.text ?? '']],
  },
  {
    // The text as a string in the input of a tool call, escapes and all.
    adapter: adapterNamed('anthropic-messages'),
    framing: SSE,
    channels: 1,
    start: startOf({ type: 'tool_use', id: 't', name: 'f', input: {} }) + inputDelta('{"q":"'),
    write: (_, text) => inputDelta(JSON.stringify(text).slice(1, -1)),
    end: inputDelta('"}') + messageEnd,
    read: ({ delta: { partial_json: source = '' } = {} }: MessageEvent) => [
      [0, JSON.parse(`"${source.replace(/^\{"q":"|"\}$/g, '')}"`)],
    ],
  },
  {
    adapter: adapterNamed('openai-chat'),
    framing: SSE,
    channels: CHANNELS,
    write: (index, content) => data({ id: 'c', choices: [choice(index, { content }, null)] }),
    end: `${data({ id: 'c', choices: [0, 1, 2].map((index) => choice(index, {}, 'stop')) })}data: [DONE]\n\n`,
    read: ({ choices = [] }: Chunk) => choices.map(({ index, delta }) => [index, delta?.content ?? '']),
  },
  {
    adapter: adapterNamed('ollama-chat'),
    framing: NDJSON,
    channels: 1,
    write: (_, content) => `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done: false })}\n`,
    end: `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '' }, done: true })}\n`,
    read: ({ message, moderation }: Chunk) => (moderation === undefined ? [[0, message?.content ?? '']] : []),
  },
];

const REQUEST = 'request-4711';
const config = Config.parse({});
const metrics = createMetrics();

/** Streams texts as the answers of one reply, as bytes cut anywhere; what a client reads must be what the streams let go. */
function checkWire(
  moderator: Moderator,
  { texts, policy, tally }: { texts: readonly HoldText[]; policy: ResolvedPolicy; tally: HoldTally },
): void {
  const policies = new Map([['default', policy]]);
  const screen = createScreen({ config, moderator, policies, store: undefined, clock: frozenClock, metrics });
  for (const wire of WIRES) {
    const shown = texts.slice(0, wire.channels);
    const bytes = Buffer.from(interleave(wire, shown));
    const sizes = (texts[0] as HoldText).sizes.map((size) => size * 7 - 6);
    const out = send(screen, { wire, policy, bytes, sizes });
    strictEqual(out, send(screen, { wire, policy, bytes, sizes: [bytes.length] }));
    const read = shown.map(() => '');
    const events = wire.framing.createParser({ maxEventBytes: 1_000_000 });
    for (const event of [...events.feed(Buffer.from(out)), ...events.end()]) {
      if (event.data === '[DONE]') continue;
      for (const [channel, text] of wire.read(JSON.parse(event.data) as never)) {
        if (channel < read.length) read[channel] += text;
      }
    }
    for (const [index, text] of shown.entries()) {
      const [run] = streamTogether(moderator, [text], [policy]);
      const expected = run?.released ?? '';
      // A blocked answer may end with a notice, which names the request.
      const rest =
        run?.blocked === true && read[index]?.includes(REQUEST)
          ? expected + (read[index]?.slice(expected.length) ?? '')
          : expected;
      strictEqual(read[index], rest);
    }
    tally.set(`through ${wire.framing.name}`, (tally.get(`through ${wire.framing.name}`) ?? 0) + shown.length);
  }
}

/** The events of a backend, a piece of each answer in turn. */
function interleave(wire: Wire, texts: readonly HoldText[]): string {
  let written = wire.start ?? '';
  const at = texts.map(() => 0);
  for (let turn = 0; at.some((offset, index) => offset < (texts[index]?.text.length ?? 0)); turn += 1) {
    for (const [index, { text, sizes }] of texts.entries()) {
      const from = at[index] ?? 0;
      const size = sizes[turn % sizes.length] ?? 1;
      if (from < text.length) written += wire.write(index, text.slice(from, from + size));
      at[index] = from + size;
    }
  }
  return written + wire.end;
}

function send(
  screen: Screen,
  { wire, policy, bytes, sizes }: { wire: Wire; policy: ResolvedPolicy; bytes: Buffer; sizes: readonly number[] },
): string {
  const asked = { stream: true, answers: wire.channels, usage: false };
  const stream = screen.openStream(wire.adapter, { requestId: REQUEST, path: '/', policy, asked }, wire.framing);
  let out = '';
  for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    out += stream.push(bytes.subarray(from, from + size));
    from += size;
  }
  return out + stream.end();
}
