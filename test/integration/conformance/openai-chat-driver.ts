import OpenAI, { BadRequestError } from 'openai';
import type { Ending, FormatDriver, Piece, SeenAnswer } from './format-driver.js';

const ENVELOPE = { id: 'c1', created: 7, model: 'm' };
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const ENDINGS: Readonly<Record<string, Ending>> = { stop: 'stop', tool_calls: 'tool', content_filter: 'filtered' };

/** OpenAI chat completions, as DeepSeek extends them by `reasoning_content`. */
export const openaiChatDriver: FormatDriver = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  streamType: 'text/event-stream',
  lacks: new Set(),

  wholeOf({ pieces, answers }) {
    const choices = [...Array(answers).keys()].map((index) => {
      const own = pieces.filter(({ answer = 0 }) => answer === index);
      const said = (kind: Piece['kind']) => joined(own.filter((piece) => piece.kind === kind));
      const call = { id: 't1', type: 'function', function: { name: 'look', arguments: said('tool') } };
      const called = own.some(({ kind }) => kind === 'tool');
      const message = {
        role: 'assistant',
        content: said('text'),
        refusal: null,
        ...(said('reasoning') === '' ? {} : { reasoning_content: said('reasoning') }),
        ...(called ? { tool_calls: [call] } : {}),
      };
      return { index, message, logprobs: null, finish_reason: called ? 'tool_calls' : 'stop' };
    });
    return { ...ENVELOPE, object: 'chat.completion', choices, usage: USAGE };
  },

  streamOf({ pieces, answers, afterFinish }) {
    const indexes = [...Array(answers).keys()];
    const called = new Set<number>();
    const chunk = (index: number, delta: object, finish: string | null = null): string => {
      const choices = [{ index, delta, logprobs: null, finish_reason: finish }];
      return frame({ ...ENVELOPE, object: 'chat.completion.chunk', choices });
    };
    const said = pieces.map(({ kind, text, answer = 0 }) => {
      if (kind !== 'tool') return chunk(answer, { [kind === 'text' ? 'content' : 'reasoning_content']: text });
      const head = called.has(answer) ? {} : { id: 't1', type: 'function' };
      const name = called.has(answer) ? {} : { name: 'look' };
      called.add(answer);
      return chunk(answer, { tool_calls: [{ index: 0, ...head, function: { ...name, arguments: text } }] });
    });
    return [
      ...indexes.map((index) => chunk(index, { role: 'assistant', content: '' })),
      ...said,
      ...indexes.map((index) => chunk(index, {}, called.has(index) ? 'tool_calls' : 'stop')),
      ...(afterFinish === undefined ? [] : [chunk(0, { content: afterFinish })]),
      frame({ ...ENVELOPE, object: 'chat.completion.chunk', choices: [], usage: USAGE }),
      'data: [DONE]\n\n',
    ];
  },

  async ask({ url, input, stream, answers, fetch }) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch });
    const request = { model: 'm', messages: [{ role: 'user' as const, content: input }], n: answers };
    if (!stream) {
      const { choices } = await client.chat.completions.create(request);
      return choices.map(({ message, finish_reason: finish }) => {
        const call = message.tool_calls?.[0];
        return {
          text: message.content ?? '',
          reasoning: String(Reflect.get(message, 'reasoning_content') ?? ''),
          tool: call?.type === 'function' ? call.function.arguments : '',
          ending: ENDINGS[finish] ?? 'open',
        };
      });
    }
    const seen = [...Array(answers)].map(() => ({ text: '', reasoning: '', tool: '', ending: 'open' as Ending }));
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const { choices } of await client.chat.completions.create({ ...request, ...options })) {
      for (const { index, delta, finish_reason: finish } of choices) {
        const own = seen[index]!;
        own.text += delta.content ?? '';
        own.reasoning += Reflect.get(delta, 'reasoning_content') ?? '';
        own.tool += delta.tool_calls?.[0]?.function?.arguments ?? '';
        if (finish !== null) own.ending = ENDINGS[finish] ?? 'open';
      }
    }
    return seen satisfies readonly SeenAnswer[];
  },

  expectBlockedInput(error) {
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'content_filter', type: 'invalid_request_error', param: 'messages' });
  },

  expectWellFormed(wire) {
    const events = wire.split('\n\n').filter((event) => event !== '');
    expect(events.every((event) => event.startsWith('data: '))).toBe(true);
    expect(events.filter((event) => event === 'data: [DONE]')).toHaveLength(1);
    expect(events.at(-1)).toBe('data: [DONE]');
    const finished = new Set<number>();
    for (const event of events.slice(0, -1)) {
      const { choices, ...envelope } = JSON.parse(event.slice('data: '.length));
      expect(envelope).toMatchObject({ ...ENVELOPE, object: 'chat.completion.chunk' });
      for (const { index, delta, finish_reason: finish } of choices) {
        expect(delta).toEqual(expect.any(Object));
        expect(finished.has(index) && Object.values(delta).some((text) => text !== '')).toBe(false);
        if (finish !== null) finished.add(index);
      }
    }
  },
};

function joined(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}

function frame(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
