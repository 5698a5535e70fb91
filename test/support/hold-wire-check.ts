import { ok, strictEqual } from 'node:assert/strict';
import { Config } from '../../src/config/index.js';
import { createMetrics, createScreen, type Screen } from '../../src/http/index.js';
import type { Moderator } from '../../src/moderator/index.js';
import type { ResolvedPolicy } from '../../src/policy/index.js';
import { frozenClock } from './clocks.js';
import type { HoldWire, ReadPiece } from './hold-wires.js';
import { checkPairs, hasLoneHalf } from './lone-halves.js';

const REQUEST = 'request-4711';
const config = Config.parse({});
const metrics = createMetrics();

/** A text that a reply carries, and what its stream lets go of it. */
export interface WireText {
  readonly text: string;
  /** Lengths of the pieces that its backend sends, in turn. */
  readonly sizes: readonly number[];
  readonly released: string;
  readonly blocked: boolean;
}

/** How a reply is sent. */
export interface WireRun {
  readonly moderator: Moderator;
  readonly policy: ResolvedPolicy;
  /** Lengths of the pieces of its bytes, in turn. */
  readonly byteSizes: readonly number[];
  /** Whether JSON source escapes all that it may. */
  readonly escapes: boolean;
}

/** Whether the format can carry the text as it is. */
export function carries({ bare = false }: HoldWire, text: string): boolean {
  return !bare || !hasLoneHalf(text);
}

/**
 * Streams texts as one reply, as bytes cut anywhere; throws unless a client reads what the streams let go, and reads it
 * however the bytes are cut.
 */
export function checkWire(wire: HoldWire, texts: readonly WireText[], run: WireRun): void {
  const screen = createScreen({
    config,
    moderator: run.moderator,
    policies: new Map([['default', run.policy]]),
    store: undefined,
    clock: frozenClock,
    metrics,
  });
  const shown = texts.slice(0, wire.channels.length);
  const bytes = Buffer.from(writeReply(wire, shown, run.escapes));
  const out = send(screen, { wire, policy: run.policy, bytes, sizes: run.byteSizes });
  strictEqual(out, send(screen, { wire, policy: run.policy, bytes, sizes: [bytes.length + 1] }));
  const read = readReply(wire, out, shown);
  const exact = new Set<number>();
  const stopped = new Set(wire.channels.filter((_, channel) => shown[channel]?.blocked === true));
  for (const [channel, text] of shown.entries()) {
    const answer = wire.channels[channel] as number;
    const got = decoded(
      wire,
      channel,
      stopped.has(answer) ? withoutNotice(read[channel] ?? '', run.policy) : (read[channel] ?? ''),
    );
    checkPairs([got], text.text);
    if (!stopped.has(answer)) strictEqual(got, text.released);
    // A block in one text of an answer stops the others where they are.
    else ok(text.released.startsWith(got), `'${got}' of '${text.released}'`);
    if (text.blocked && got === text.released) exact.add(answer);
  }
  for (const answer of stopped) ok(exact.has(answer), 'the text that is blocked leaves up to there');
}

/** The bytes of a backend, a piece of each text in turn. */
function writeReply(wire: HoldWire, texts: readonly WireText[], escapes: boolean): string {
  const sources = texts.map(({ text }, channel) => (isSource(wire, channel) ? sourceOf(text, escapes) : text));
  let written = wire.start ?? '';
  const at = texts.map(() => 0);
  for (let turn = 0; at.some((offset, channel) => offset < (sources[channel]?.length ?? 0)); turn += 1) {
    for (const [channel, { sizes }] of texts.entries()) {
      const [source = '', from = 0] = [sources[channel], at[channel]];
      const size = sizes[turn % sizes.length] ?? 1;
      if (from < source.length) written += wire.write(channel, source.slice(from, from + size));
      at[channel] = from + size;
    }
  }
  return written + wire.end(sources);
}

function isSource({ source = [] }: HoldWire, channel: number): boolean {
  return source.includes(channel);
}

function sourceOf(text: string, escapes: boolean): string {
  const source = JSON.stringify({ q: text });
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return escapes ? source.replace(/[^ -~]|[aok](?=[^"]*"\}$)/g, escaped) : source;
}

interface Sent {
  readonly wire: HoldWire;
  readonly policy: ResolvedPolicy;
  readonly bytes: Buffer;
  readonly sizes: readonly number[];
}

function send(screen: Screen, { wire, policy, bytes, sizes }: Sent): string {
  const asked = { stream: true, answers: new Set(wire.channels).size, usage: false };
  const stream = screen.openStream(wire.adapter, { requestId: REQUEST, path: '/', policy, asked }, wire.framing);
  let out = '';
  for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out += stream.push(bytes.subarray(from, from + size));
    from += size;
  }
  return out + stream.end();
}

/** What a client reads of texts, by channel. */
function readReply(wire: HoldWire, out: string, texts: readonly WireText[]): string[] {
  const read = wire.channels.map(() => '');
  const known = ([channel]: ReadPiece): boolean => channel < read.length;
  const parser = wire.framing.createParser({ maxEventBytes: 1_000_000 });
  for (const { data } of [...parser.feed(Buffer.from(out)), ...parser.end()]) {
    for (const [channel, text] of wire.read(data).filter(known)) {
      if (!isSource(wire, channel)) checkPairs([read[channel] ?? '', text], texts[channel]?.text);
      read[channel] += text;
    }
    for (const [channel, text] of (wire.repeats?.(data) ?? []).filter(known)) {
      // What waited has left without the escapes that it came with.
      strictEqual(decoded(wire, channel, text), decoded(wire, channel, read[channel] ?? ''));
    }
  }
  return read;
}

/** A blocked answer may end with a notice, behind an empty line where anything stands before. */
function withoutNotice(text: string, { answers }: ResolvedPolicy): string {
  const notices = [...answers.notices.output.values()].map((each) => each.replace('{id}', REQUEST));
  const notice = notices.find((each) => text.endsWith(each));
  return notice === undefined ? text : text.slice(0, -notice.length).replace(/\n\n$/, '');
}

/** The text of JSON source that may have been stopped anywhere in its string. */
function decoded(wire: HoldWire, channel: number, read: string): string {
  if (!isSource(wire, channel)) return read;
  return JSON.parse(`"${read.replace(/^\{(?:"q"?)?:?"?|"\}?$/g, '')}"`) as string;
}
