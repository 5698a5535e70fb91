import { ResponseStream } from 'openai/lib/responses/ResponseStream';
import type { Response } from 'openai/resources/responses/responses';

/** A part of a message in these pieces. */
export interface StreamedPart {
  readonly type: 'output_text' | 'refusal';
  readonly pieces: readonly string[];
  readonly annotations?: readonly object[];
}

/** An item of a response as it is streamed. */
export type StreamedItem =
  | { readonly type: 'message'; readonly parts: readonly StreamedPart[] }
  | { readonly type: 'reasoning'; readonly pieces: readonly string[] }
  | { readonly type: 'function_call'; readonly pieces: readonly string[] };

const USAGE = {
  input_tokens: 7,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 9,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 16,
};
const ENVELOPE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_756_000_000,
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model: 'm',
  parallel_tool_calls: true,
  temperature: 1,
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
};

/** Returns the whole response of these items. */
export function responseOf(items: readonly StreamedItem[]): Record<string, unknown> {
  return { ...ENVELOPE, status: 'completed', output: items.map(itemOf), usage: USAGE };
}

/** Returns the events of the same response as a stream, named and numbered. */
export function responseEvents(items: readonly StreamedItem[]): Record<string, unknown>[] {
  const open = { ...ENVELOPE, status: 'in_progress', output: [], usage: null };
  const events = [
    { type: 'response.created', response: open },
    { type: 'response.in_progress', response: open },
    ...items.flatMap(eventsOfItem),
    { type: 'response.completed', response: responseOf(items) },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

/** Returns the response that the official client makes of the events of a stream. */
export async function accumulateResponse(wire: string): Promise<Response> {
  const lines = wire
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => `${line.slice('data: '.length)}\n`);
  return ResponseStream.fromReadableStream(new Blob(lines).stream()).finalResponse();
}

function itemOf(item: StreamedItem, index: number): object {
  const id = `item_${index}`;
  if (item.type === 'reasoning') {
    return { type: 'reasoning', id, summary: [{ type: 'summary_text', text: item.pieces.join('') }] };
  }
  if (item.type === 'function_call') {
    const call = { call_id: `call_${index}`, name: 'look', arguments: item.pieces.join('') };
    return { type: 'function_call', id, ...call, status: 'completed' };
  }
  const content = item.parts.map((part) => partOf(part, part.pieces.join(''), part.annotations));
  return { type: 'message', id, role: 'assistant', status: 'completed', content };
}

function partOf({ type }: StreamedPart, text: string, annotations: readonly object[] = []): object {
  return type === 'refusal' ? { type, refusal: text } : { type, text, annotations, logprobs: [] };
}

function eventsOfItem(item: StreamedItem, index: number): Record<string, unknown>[] {
  const at = { output_index: index, item_id: `item_${index}` };
  const whole = itemOf(item, index) as Record<string, unknown>;
  const added = (begun: object) => ({ type: 'response.output_item.added', output_index: index, item: begun });
  const done = { type: 'response.output_item.done', output_index: index, item: whole };
  if (item.type === 'function_call') {
    const event = 'response.function_call_arguments';
    return [
      added({ ...whole, arguments: '', status: 'in_progress' }),
      ...item.pieces.map((delta) => ({ type: `${event}.delta`, ...at, delta })),
      { type: `${event}.done`, ...at, name: 'look', arguments: item.pieces.join('') },
      done,
    ];
  }
  if (item.type === 'reasoning') {
    const place = { ...at, summary_index: 0 };
    const text = item.pieces.join('');
    const event = 'response.reasoning_summary';
    return [
      added({ ...whole, summary: [] }),
      { type: `${event}_part.added`, ...place, part: { type: 'summary_text', text: '' } },
      ...item.pieces.map((delta) => ({ type: `${event}_text.delta`, ...place, delta })),
      { type: `${event}_text.done`, ...place, text },
      { type: `${event}_part.done`, ...place, part: { type: 'summary_text', text } },
      done,
    ];
  }
  const parts = item.parts.flatMap((part, position) => {
    const place = { ...at, content_index: position };
    const { type, pieces, annotations = [] } = part;
    const key = type === 'refusal' ? 'refusal' : 'text';
    const logprobs = type === 'refusal' ? {} : { logprobs: [] };
    return [
      { type: 'response.content_part.added', ...place, part: partOf(part, '') },
      ...pieces.map((delta) => ({ type: `response.${type}.delta`, ...place, delta, ...logprobs })),
      ...annotations.map((annotation, annotationIndex) => ({
        type: 'response.output_text.annotation.added',
        ...place,
        annotation_index: annotationIndex,
        annotation,
      })),
      { type: `response.${type}.done`, ...place, [key]: pieces.join(''), ...logprobs },
      { type: 'response.content_part.done', ...place, part: partOf(part, pieces.join(''), annotations) },
    ];
  });
  return [added({ ...whole, status: 'in_progress', content: [] }), ...parts, done];
}
