import OpenAI, { BadRequestError } from 'openai';
import type { Response } from 'openai/resources/responses/responses';
import type { Ending, FormatDriver, Piece, PieceKind, Script, SeenAnswer } from './format-driver.js';

const USAGE = {
  input_tokens: 1,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 1,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 2,
};
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 7,
  status: 'completed',
  error: null,
  incomplete_details: null,
  instructions: 'Be brief.',
  metadata: {},
  model: 'm',
  parallel_tool_calls: true,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  usage: USAGE,
};

/** The OpenAI Responses API. */
export const openaiResponsesDriver: FormatDriver = {
  name: 'openai-responses',
  path: '/v1/responses',
  streamType: 'text/event-stream',
  lacks: new Set(['second answer']),

  wholeOf(script) {
    return { ...RESPONSE, output: runsOf(script).map(({ kind, parts }) => itemOf(kind, parts.join(''))) };
  },

  streamOf(script) {
    const runs = runsOf(script);
    const open = { ...RESPONSE, status: 'in_progress', output: [], usage: null };
    const events: object[] = [
      { type: 'response.created', response: open },
      { type: 'response.in_progress', response: open },
      ...runs.flatMap(({ kind, parts }, index) => eventsOf(kind, { parts, index })),
      { type: 'response.completed', response: openaiResponsesDriver.wholeOf(script) },
    ];
    if (script.afterFinish !== undefined) {
      const at = { item_id: 'text_1', output_index: 0, content_index: 0 };
      events.push({ type: 'response.output_text.delta', ...at, delta: script.afterFinish, logprobs: [] });
    }
    return events.map((event, index) => {
      const { type } = event as { type: string };
      return `event: ${type}\ndata: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`;
    });
  },

  async ask({ url, input, stream, fetch }) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch });
    const request = { model: 'm', input };
    if (!stream) return [seenIn(await client.responses.create(request))];
    // The helper builds the response up from the deltas, and throws where they do not fit.
    const helper = client.responses.stream(request);
    const deltas: Record<PieceKind, string[]> = { text: [], reasoning: [], tool: [] };
    helper.on('response.output_text.delta', ({ delta }) => deltas.text.push(delta));
    helper.on('response.refusal.delta', ({ delta }) => deltas.text.push(delta));
    helper.on('response.reasoning_summary_text.delta', ({ delta }) => deltas.reasoning.push(delta));
    helper.on('response.function_call_arguments.delta', ({ delta }) => deltas.tool.push(delta));
    const seen = seenIn(await helper.finalResponse());
    for (const kind of ['text', 'reasoning', 'tool'] as const) expect(seen[kind]).toBe(deltas[kind].join(''));
    return [seen];
  },

  expectBlockedInput(error) {
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'content_filter', type: 'invalid_request_error', param: 'input' });
  },

  expectWellFormed(wire) {
    const events = wire.split('\n\n').filter((event) => event !== '');
    const open = new Set<string>();
    let last = '';
    for (const [index, event] of events.entries()) {
      const [, name, data] = /^event: (.+)\ndata: (.+)$/.exec(event) ?? [];
      const value = JSON.parse(data ?? '');
      expect([value.type, value.sequence_number]).toEqual([name, index]);
      const place = `${value.output_index}/${value.content_index ?? value.summary_index ?? ''}`;
      if (value.type.endsWith('.added')) open.add(place);
      // Only the end of the item, or of the part, closes it.
      if (/(?:_part|output_item)\.done$/.test(value.type)) expect(open.delete(place)).toBe(true);
      if (value.type.endsWith('.delta')) expect(open.has(place)).toBe(true);
      last = value.type;
    }
    expect([...open]).toEqual([]);
    expect(last).toMatch(/^response\.(?:completed|incomplete)$/);
  },
};

/** Pieces of one kind that follow each other make one item. */
function runsOf({ pieces }: Script): { kind: PieceKind; parts: string[] }[] {
  const runs: { kind: PieceKind; parts: string[] }[] = [];
  for (const { kind, text } of pieces) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.parts.push(text);
    else runs.push({ kind, parts: [text] });
  }
  return runs;
}

function itemOf(kind: Piece['kind'], text: string): object {
  const id = `${kind}_1`;
  if (kind === 'tool') {
    return { type: 'function_call', id, call_id: 'call_1', name: 'look', arguments: text, status: 'completed' };
  }
  if (kind === 'reasoning') return { type: 'reasoning', id, summary: [{ type: 'summary_text', text }] };
  return { type: 'message', id, role: 'assistant', status: 'completed', content: [outputText(text)] };
}

function outputText(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function eventsOf(kind: Piece['kind'], { parts, index }: { parts: readonly string[]; index: number }): object[] {
  const text = parts.join('');
  const item = itemOf(kind, text);
  const at = { item_id: `${kind}_1`, output_index: index };
  const said = (type: string, place: object): object[] => parts.map((delta) => ({ type, ...at, ...place, delta }));
  const added = (begun: object) => ({ type: 'response.output_item.added', output_index: index, item: begun });
  const done = { type: 'response.output_item.done', output_index: index, item };
  if (kind === 'tool') {
    const name = { name: 'look', arguments: text };
    return [
      added({ ...item, arguments: '', status: 'in_progress' }),
      ...said('response.function_call_arguments.delta', {}),
      { type: 'response.function_call_arguments.done', ...at, ...name },
      done,
    ];
  }
  if (kind === 'reasoning') {
    const place = { summary_index: 0 };
    const part = (own: string) => ({ ...at, ...place, part: { type: 'summary_text', text: own } });
    return [
      added({ ...item, summary: [] }),
      { type: 'response.reasoning_summary_part.added', ...part('') },
      ...said('response.reasoning_summary_text.delta', place),
      { type: 'response.reasoning_summary_text.done', ...at, ...place, text },
      { type: 'response.reasoning_summary_part.done', ...part(text) },
      done,
    ];
  }
  const place = { content_index: 0 };
  return [
    added({ ...item, content: [], status: 'in_progress' }),
    { type: 'response.content_part.added', ...at, ...place, part: outputText('') },
    ...said('response.output_text.delta', { ...place, logprobs: [] }),
    { type: 'response.output_text.done', ...at, ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, ...place, part: outputText(text) },
    done,
  ];
}

function seenIn(response: Response): SeenAnswer {
  const seen = { text: '', reasoning: '', tool: '' };
  for (const item of response.output) {
    if (item.type === 'reasoning') seen.reasoning += item.summary.map(({ text }) => text).join('');
    if (item.type === 'function_call') seen.tool += item.arguments;
    if (item.type !== 'message') continue;
    for (const part of item.content) seen.text += part.type === 'output_text' ? part.text : part.refusal;
  }
  const filtered = response.status === 'incomplete' && response.incomplete_details?.reason === 'content_filter';
  const ending: Ending = filtered ? 'filtered' : response.status !== 'completed' ? 'open' : seen.tool ? 'tool' : 'stop';
  return { ...seen, ending };
}
