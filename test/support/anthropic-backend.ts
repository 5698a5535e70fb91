import type { RequestListener } from 'node:http';
import { bodyOf, sendJson, startStream } from './proxy-fixture.js';

/** A content block as it is streamed. */
export interface StreamedBlock {
  /** The block without its text. */
  readonly start: Readonly<Record<string, unknown>>;
  readonly deltas: readonly Readonly<Record<string, unknown>>[];
}

/** A text block in these pieces. */
export function text(...pieces: string[]): StreamedBlock {
  return {
    start: { type: 'text', text: '', citations: null },
    deltas: pieces.map((piece) => ({ type: 'text_delta', text: piece })),
  };
}

/** A thinking block in these pieces, signed. */
export function thinking(...pieces: string[]): StreamedBlock {
  const deltas = pieces.map((piece) => ({ type: 'thinking_delta', thinking: piece }));
  return {
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [...deltas, { type: 'signature_delta', signature: 'c2ln' }],
  };
}

/** A tool call whose input comes in these pieces of JSON source. */
export function call(...pieces: string[]): StreamedBlock {
  return {
    start: { type: 'tool_use', id: 'toolu_1', name: 'search', input: {} },
    deltas: pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
  };
}

/** A citation for the block before it. */
export function citing(block: StreamedBlock, citedText: string): StreamedBlock {
  const citation = { type: 'char_location', cited_text: citedText, document_index: 0, document_title: null };
  return { ...block, deltas: [...block.deltas, { type: 'citations_delta', citation }] };
}

const STOP = { type: 'message_stop' };
const USAGE = { input_tokens: 7, output_tokens: 1 };
const ENVELOPE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-test' };

function stopReason(blocks: readonly StreamedBlock[]): string {
  return blocks.some(({ start }) => start['type'] === 'tool_use') ? 'tool_use' : 'end_turn';
}

/** A whole message of these blocks. */
export function messageOf(blocks: readonly StreamedBlock[]): object {
  const content = blocks.map(({ start, deltas }) => {
    const join = (key: string): string => deltas.map((delta) => delta[key] ?? '').join('');
    const citations = deltas.flatMap(({ citation }) => (citation === undefined ? [] : [citation]));
    if (start['type'] === 'tool_use') return { ...start, input: JSON.parse(join('partial_json')) };
    if (start['type'] === 'thinking') return { ...start, thinking: join('thinking'), signature: join('signature') };
    if (start['type'] !== 'text') return start;
    return { ...start, text: join('text'), citations: citations.length === 0 ? null : citations };
  });
  const usage = { ...USAGE, output_tokens: 9 };
  return { ...ENVELOPE, content, stop_reason: stopReason(blocks), stop_sequence: null, usage };
}

/** The events of the same message as a stream. */
export function eventsOf(blocks: readonly StreamedBlock[]): Record<string, unknown>[] {
  const message = { ...ENVELOPE, content: [], stop_reason: null, stop_sequence: null, usage: USAGE };
  return [
    { type: 'message_start', message },
    { type: 'ping' },
    ...blocks.flatMap(({ start, deltas }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason(blocks), stop_sequence: null },
      usage: { output_tokens: 9 },
    },
    STOP,
  ];
}

/** The wire form of events. */
export function wireOf(events: readonly Record<string, unknown>[]): string {
  return events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

/** A backend that answers with these blocks, as a stream where the request asks for one. */
export function answering(
  blocks: readonly StreamedBlock[],
  after: readonly Record<string, unknown>[] = [],
): RequestListener {
  return async (req, res) => {
    const body = JSON.parse((await bodyOf(req)).toString());
    if (body.stream !== true) return sendJson(res, messageOf(blocks));
    startStream(res)(wireOf([...eventsOf(blocks), ...after]));
    res.end();
  };
}

/**
 * The events of a wire, checked to be a whole stream of the format: one beginning, every block begun, continued and
 * closed in order, one end, and every event under its name.
 */
export function readMessageWire(wire: string): Record<string, unknown>[] {
  const frames = wire.split('\n\n').filter((frame) => frame !== '' && !frame.startsWith(':'));
  const events = frames.map((frame) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(frame) ?? [];
    const event = JSON.parse(data ?? 'null');
    expect(event.type).toBe(name);
    return event;
  });
  const open = new Set<number>();
  let blocks = 0;
  for (const { type, index } of events) {
    if (type === 'content_block_start') {
      expect(index).toBe(blocks);
      blocks += 1;
      open.add(index);
    } else if (type === 'content_block_delta') expect(open).toContain(index);
    else if (type === 'content_block_stop') expect(open.delete(index)).toBe(true);
    else if (type === 'message_delta') expect([...open]).toEqual([]);
  }
  const types = events.map(({ type }) => type).filter((type) => type !== 'ping');
  expect(types.slice(0, 1)).toEqual(['message_start']);
  expect(types.slice(-2)).toEqual(['message_delta', 'message_stop']);
  for (const once of ['message_start', 'message_delta', 'message_stop']) {
    expect(types.filter((type) => type === once)).toHaveLength(1);
  }
  return events;
}
