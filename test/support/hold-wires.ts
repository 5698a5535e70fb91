import { type Adapter, adapterNamed, createPlainFormat } from '../../src/adapters/index.js';
import { type Framing, NDJSON, PLAIN_TEXT, SSE } from '../../src/framing/index.js';

/** A wire format: how its backend writes the texts of a reply, and how its client reads them. */
export interface HoldWire {
  readonly name: string;
  readonly adapter: Adapter;
  readonly framing: Framing;
  /** The texts of a reply, each with the number of the answer that it is part of: a block stops that answer. */
  readonly channels: readonly number[];
  /** Channels whose text is a string of JSON source, `{"q":"text"}`, that may be cut amid an escape. */
  readonly source?: readonly number[];
  /** Whether texts go as bytes and not in JSON: half a surrogate pair cannot. */
  readonly bare?: boolean;
  /** What comes before the first text; nothing when left out. */
  readonly start?: string;
  readonly write: (channel: number, text: string) => string;
  /** What comes behind the last text, of the texts as they were written. */
  readonly end: (texts: readonly string[]) => string;
  /** The pieces of text that an event adds. Throws when the event says elsewhere what these do not. */
  readonly read: (data: string) => readonly ReadPiece[];
  /** Texts that an event tells once more from their beginning, of `output`, what was read so far. */
  readonly repeats?: (data: string) => readonly ReadPiece[];
}

/** Text of one channel. */
export type ReadPiece = readonly [channel: number, text: string];

/** The part of any event that is looked at here. */
interface Value {
  readonly type?: string;
  readonly index?: number;
  readonly output_index?: number;
  readonly choices?: readonly Choice[];
  readonly delta?: string | MessageDelta;
  readonly message?: { readonly content?: string; readonly thinking?: string };
  readonly response?: string | { readonly output?: readonly Item[] };
  readonly item?: Item;
  readonly text?: string;
  readonly arguments?: string;
  readonly logprobs?: readonly Token[];
  readonly moderation?: unknown;
  readonly a?: string;
  readonly b?: { readonly text?: string };
}

interface Token {
  readonly token: string;
}

interface Choice {
  readonly index: number;
  readonly text?: string;
  readonly delta?: ChoiceDelta;
  readonly logprobs?: { readonly content?: readonly Token[]; readonly tokens?: readonly string[] } | null;
}

interface ChoiceDelta {
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly refusal?: string | null;
  readonly tool_calls?: readonly { readonly index: number; readonly function?: { readonly arguments?: string } }[];
}

interface MessageDelta {
  readonly text?: string;
  readonly thinking?: string;
  readonly partial_json?: string;
}

interface Item {
  readonly content?: readonly { readonly text?: string }[];
  readonly summary?: readonly { readonly text?: string }[];
  readonly arguments?: string;
}

const parse = (data: string): Value => (data === '[DONE]' ? {} : (JSON.parse(data) as Value));
const sse = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const named = (value: { readonly type: string }): string => `event: ${value.type}\n${sse(value)}`;
const bytesOf = (text: string): number[] => [...Buffer.from(text)];
const tokens = (text: string) => [{ token: text, logprob: -1, bytes: bytesOf(text), top_logprobs: [] }];

/** Log probabilities repeat the text: they may stand beside that very text only. */
function checkTokens(text: string, said: readonly string[] | undefined): void {
  if (said !== undefined && said.join('') !== text) throw new Error(`tokens ${JSON.stringify(said)} beside '${text}'`);
}

const chunk = (index: number, fields: object, finish: string | null = null): string =>
  sse({ id: 'c', object: 'chat.completion.chunk', choices: [{ index, ...fields, finish_reason: finish }] });
const chatEnd = (answers: readonly number[]): string =>
  `${answers.map((index) => chunk(index, { delta: {} }, 'stop')).join('')}data: [DONE]\n\n`;
const callOf = (index: number, fields: object, args: string) => ({
  delta: { tool_calls: [{ index, ...fields, function: { name: 'f', arguments: args } }] },
});

const CHAT: readonly HoldWire[] = [
  {
    name: 'openai-chat, three answers with log probabilities',
    adapter: adapterNamed('openai-chat'),
    framing: SSE,
    channels: [0, 1, 2],
    write: (index, content) => chunk(index, { delta: { content }, logprobs: { content: tokens(content) } }),
    end: () => chatEnd([0, 1, 2]),
    read: (data) =>
      (parse(data).choices ?? []).map(({ index, delta, logprobs }) => {
        const text = delta?.content ?? '';
        checkTokens(
          text,
          logprobs?.content?.map(({ token }) => token),
        );
        return [index, text];
      }),
  },
  {
    name: 'openai-chat, reasoning, content and refusal of one answer',
    adapter: adapterNamed('openai-chat'),
    framing: SSE,
    channels: [0, 0, 0],
    write: (channel, text) =>
      chunk(0, { delta: { [['reasoning_content', 'content', 'refusal'][channel] ?? 'content']: text } }),
    end: () => chatEnd([0]),
    read: (data) =>
      (parse(data).choices ?? []).flatMap(({ delta }): ReadPiece[] => [
        [0, delta?.reasoning_content ?? ''],
        [1, delta?.content ?? ''],
        [2, delta?.refusal ?? ''],
      ]),
  },
  {
    name: 'openai-chat, two tool calls, and a second answer',
    adapter: adapterNamed('openai-chat'),
    framing: SSE,
    channels: [0, 0, 1],
    source: [0, 1],
    start: [0, 1].map((index) => chunk(0, callOf(index, { id: `t${index}`, type: 'function' }, ''))).join(''),
    write: (channel, text) =>
      channel === 2
        ? chunk(1, { delta: { content: text } })
        : chunk(0, { delta: { tool_calls: [{ index: channel, function: { arguments: text } }] } }),
    end: () => chatEnd([0, 1]),
    read: (data) =>
      (parse(data).choices ?? []).flatMap(({ index, delta }): ReadPiece[] =>
        index === 1
          ? [[2, delta?.content ?? '']]
          : (delta?.tool_calls ?? []).map((call) => [call.index, call.function?.arguments ?? '']),
      ),
  },
  {
    name: 'openai-completions, three answers with log probabilities',
    adapter: adapterNamed('openai-completions'),
    framing: SSE,
    channels: [0, 1, 2],
    write: (index, text) =>
      sse({
        id: 'c',
        object: 'text_completion',
        choices: [{ index, text, logprobs: { tokens: [text], token_logprobs: [-1], text_offset: [0] } }],
      }),
    end: () =>
      `${sse({ id: 'c', choices: [0, 1, 2].map((index) => ({ index, text: '', finish_reason: 'stop' })) })}data: [DONE]\n\n`,
    read: (data) =>
      (parse(data).choices ?? []).map(({ index, text = '', logprobs }) => {
        checkTokens(text, logprobs?.tokens);
        return [index, text];
      }),
  },
];

const place = (index: number, fields: object = {}) => ({ item_id: `i${index}`, output_index: index, ...fields });
const part = (text: string) => ({ type: 'output_text', annotations: [], text });
const message = (index: number, content: readonly object[], status: string) => ({
  id: `i${index}`,
  type: 'message',
  role: 'assistant',
  status,
  content,
});
const call = (index: number, source: string, status: string) => ({
  id: `i${index}`,
  type: 'function_call',
  call_id: 't',
  name: 'f',
  status,
  arguments: source,
});
const thought = (index: number, summary: readonly object[]) => ({ id: `i${index}`, type: 'reasoning', summary });
const summaryPart = (text: string) => ({ type: 'summary_text', text });
const created = named({
  type: 'response.created',
  ...{ response: { id: 'r', object: 'response', status: 'in_progress', output: [] } },
});
const completed = (output: readonly object[]): string =>
  named({ type: 'response.completed', ...{ response: { id: 'r', object: 'response', status: 'completed', output } } });
const added = (index: number, item: object): string =>
  named({ type: 'response.output_item.added', ...{ output_index: index, item } });
const partAdded = (index: number): string =>
  named({ type: 'response.content_part.added', ...place(index, { content_index: 0, part: part('') }) });

function messageDone(index: number, text: string): string {
  const at = place(index, { content_index: 0 });
  const events = [
    { type: 'response.output_text.done', ...at, text },
    { type: 'response.content_part.done', ...at, part: part(text) },
    { type: 'response.output_item.done', output_index: index, item: message(index, [part(text)], 'completed') },
  ];
  return events.map(named).join('');
}

const repeatedItem = (index: number, item: Item): ReadPiece[] => {
  const text = item.arguments ?? item.content?.[0]?.text ?? item.summary?.[0]?.text;
  return text === undefined ? [] : [[index, text]];
};

/** What the closing events and the terminal response say again. */
function readRepeats(data: string): readonly ReadPiece[] {
  const { type = '', output_index: index = 0, text, arguments: source, item, response } = parse(data);
  if (item !== undefined && type.endsWith('.done')) return repeatedItem(index, item);
  if (type.endsWith('.done')) {
    const said = text ?? source;
    return said === undefined ? [] : [[index, said]];
  }
  if (typeof response !== 'object' || type === 'response.created') return [];
  return (response.output ?? []).flatMap((each, number) => repeatedItem(number, each));
}

const readDelta = (data: string): readonly ReadPiece[] => {
  const { delta, output_index: index = 0 } = parse(data);
  return typeof delta === 'string' ? [[index, delta]] : [];
};

const RESPONSES: readonly HoldWire[] = [
  {
    name: 'openai-responses, three messages',
    adapter: adapterNamed('openai-responses'),
    framing: SSE,
    channels: [0, 0, 0],
    start: created + [0, 1, 2].map((at) => added(at, message(at, [], 'in_progress')) + partAdded(at)).join(''),
    write: (index, delta) =>
      named({ type: 'response.output_text.delta', ...place(index, { content_index: 0, delta, logprobs: [] }) }),
    end: (texts) =>
      texts.map((text, index) => messageDone(index, text)).join('') +
      completed(texts.map((text, index) => message(index, [part(text)], 'completed'))),
    read: readDelta,
    repeats: readRepeats,
  },
  {
    name: 'openai-responses, reasoning and a function call',
    adapter: adapterNamed('openai-responses'),
    framing: SSE,
    channels: [0, 0],
    source: [1],
    start:
      created +
      added(0, thought(0, [])) +
      named({
        type: 'response.reasoning_summary_part.added',
        ...place(0, { summary_index: 0, part: summaryPart('') }),
      }) +
      added(1, call(1, '', 'in_progress')),
    write: (index, delta) =>
      index === 0
        ? named({ type: 'response.reasoning_summary_text.delta', ...place(0, { summary_index: 0, delta }) })
        : named({ type: 'response.function_call_arguments.delta', ...place(1, { delta }) }),
    end: ([text = '', source = '']) =>
      [
        { type: 'response.reasoning_summary_text.done', ...place(0, { summary_index: 0, text }) },
        { type: 'response.output_item.done', output_index: 0, item: thought(0, [summaryPart(text)]) },
        { type: 'response.function_call_arguments.done', ...place(1, { arguments: source }) },
        { type: 'response.output_item.done', output_index: 1, item: call(1, source, 'completed') },
      ]
        .map(named)
        .join('') + completed([thought(0, [summaryPart(text)]), call(1, source, 'completed')]),
    read: readDelta,
    repeats: readRepeats,
  },
];

const blockStart = (index: number, block: object): string =>
  named({ type: 'content_block_start', ...{ index, content_block: block } });
const blockDelta = (index: number, delta: object): string =>
  named({ type: 'content_block_delta', ...{ index, delta } });
const messageStart = named({
  type: 'message_start',
  ...{ message: { id: 'm', content: [], usage: { output_tokens: 1 } } },
});
const messageEnd = (blocks: number): string =>
  Array.from({ length: blocks }, (_, index) => named({ type: 'content_block_stop', ...{ index } })).join('') +
  named({ type: 'message_delta', ...{ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } } }) +
  named({ type: 'message_stop' });
const readBlock = (data: string): readonly ReadPiece[] => {
  const { index = 0, delta } = parse(data);
  if (typeof delta !== 'object') return [];
  return [[index, delta.text ?? delta.thinking ?? delta.partial_json ?? '']];
};

const OTHERS: readonly HoldWire[] = [
  {
    name: 'anthropic-messages, thinking and text',
    adapter: adapterNamed('anthropic-messages'),
    framing: SSE,
    channels: [0, 0],
    start:
      messageStart +
      blockStart(0, { type: 'thinking', thinking: '', signature: '' }) +
      blockStart(1, { type: 'text', text: '' }),
    write: (index, text) =>
      blockDelta(index, index === 0 ? { type: 'thinking_delta', thinking: text } : { type: 'text_delta', text }),
    end: () => messageEnd(2),
    read: readBlock,
  },
  {
    name: 'anthropic-messages, two tool calls',
    adapter: adapterNamed('anthropic-messages'),
    framing: SSE,
    channels: [0, 0],
    source: [0, 1],
    start:
      messageStart + [0, 1].map((at) => blockStart(at, { type: 'tool_use', id: 't', name: 'f', input: {} })).join(''),
    write: (index, source) => blockDelta(index, { type: 'input_json_delta', partial_json: source }),
    end: () => messageEnd(2),
    read: readBlock,
  },
  {
    name: 'ollama-chat, thinking and content',
    adapter: adapterNamed('ollama-chat'),
    framing: NDJSON,
    channels: [0, 0],
    write: (index, text) => {
      const said = index === 0 ? { content: '', thinking: text } : { content: text };
      const probabilities = index === 0 ? {} : { logprobs: tokens(text) };
      return line({ model: 'm', message: { role: 'assistant', ...said }, ...probabilities, done: false });
    },
    end: () => line({ model: 'm', message: { role: 'assistant', content: '' }, done: true }),
    read: (data) => {
      const { message: said = {}, moderation, logprobs } = parse(data);
      if (moderation !== undefined) return [];
      checkTokens(
        said.content ?? '',
        logprobs?.map(({ token }) => token),
      );
      return [
        [0, said.thinking ?? ''],
        [1, said.content ?? ''],
      ];
    },
  },
  {
    name: 'ollama-generate',
    adapter: adapterNamed('ollama-generate'),
    framing: NDJSON,
    channels: [0],
    write: (_, response) => line({ model: 'm', response, done: false }),
    end: () => line({ model: 'm', response: '', done: true, context: [1, 2] }),
    read: (data) => {
      const { response, moderation } = parse(data);
      return moderation === undefined && typeof response === 'string' ? [[0, response]] : [];
    },
  },
  {
    name: 'events of a host, two fields',
    adapter: createPlainFormat({ request: [], response: ['a', 'b.text'], end: '{"over":true}' }),
    framing: SSE,
    channels: [0, 0],
    write: (index, text) => sse(index === 0 ? { a: text } : { b: { text } }),
    end: () => sse({ over: true }),
    read: (data) => {
      const { a = '', b = {}, moderation } = parse(data);
      if (moderation !== undefined) return [];
      return [
        [0, a],
        [1, b.text ?? ''],
      ];
    },
  },
  {
    name: 'plain text of a host',
    adapter: createPlainFormat({ request: 'text', response: 'text' }),
    framing: PLAIN_TEXT,
    channels: [0],
    bare: true,
    write: (_, text) => text,
    end: () => '',
    read: (data) => [[0, data]],
  },
];

/** Every way in which texts are streamed. */
export const HOLD_WIRES: readonly HoldWire[] = [...CHAT, ...RESPONSES, ...OTHERS];
