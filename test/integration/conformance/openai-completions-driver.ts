import OpenAI, { BadRequestError } from 'openai';
import type { Ending, FormatDriver, SeenAnswer } from './format-driver.js';

const ENVELOPE = { id: 'c1', object: 'text_completion', created: 7, model: 'm' };
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const ENDINGS: Readonly<Record<string, Ending>> = { stop: 'stop', content_filter: 'filtered' };

/** Legacy completions of OpenAI. */
export const openaiCompletionsDriver: FormatDriver = {
  name: 'openai-completions',
  path: '/v1/completions',
  streamType: 'text/event-stream',
  lacks: new Set(['reasoning', 'tool']),

  wholeOf({ pieces, answers }) {
    const choices = [...Array(answers).keys()].map((index) => {
      const own = pieces.filter(({ answer = 0 }) => answer === index).map(({ text }) => text);
      return { index, text: own.join(''), logprobs: logprobsOf(own), finish_reason: 'stop' };
    });
    return { ...ENVELOPE, choices, usage: USAGE };
  },

  streamOf({ pieces, answers, afterFinish }) {
    const chunk = (index: number, text: string, finish: string | null = null): string =>
      frame({ ...ENVELOPE, choices: [{ index, text, logprobs: logprobsOf([text]), finish_reason: finish }] });
    return [
      ...pieces.map(({ text, answer = 0 }) => chunk(answer, text)),
      ...[...Array(answers).keys()].map((index) => chunk(index, '', 'stop')),
      ...(afterFinish === undefined ? [] : [chunk(0, afterFinish)]),
      frame({ ...ENVELOPE, choices: [], usage: USAGE }),
      'data: [DONE]\n\n',
    ];
  },

  async ask({ url, input, stream, answers, fetch }) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch });
    const request = { model: 'm', prompt: input, n: answers, logprobs: 1 };
    const seen = [...Array(answers)].map(() => ({ text: '', reasoning: '', tool: '', ending: 'open' as Ending }));
    const see = ({ choices }: OpenAI.Completion): void => {
      for (const { index, text, logprobs, finish_reason: finish } of choices) {
        const own = seen[index]!;
        own.text += text;
        // Where tokens are told, they tell what was read.
        if (logprobs) expect(logprobs.tokens?.join('')).toBe(text);
        // The official type does not say that it is null before.
        if (finish) own.ending = ENDINGS[finish] ?? 'open';
      }
    };
    if (!stream) see(await client.completions.create(request));
    else {
      const options = { stream: true, stream_options: { include_usage: true } } as const;
      for await (const chunk of await client.completions.create({ ...request, ...options })) see(chunk);
    }
    return seen satisfies readonly SeenAnswer[];
  },

  expectBlockedInput(error) {
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'content_filter', type: 'invalid_request_error', param: 'prompt' });
  },

  expectWellFormed(wire) {
    const events = wire.split('\n\n').filter((event) => event !== '');
    expect(events.every((event) => event.startsWith('data: '))).toBe(true);
    expect(events.filter((event) => event === 'data: [DONE]')).toHaveLength(1);
    expect(events.at(-1)).toBe('data: [DONE]');
    const finished = new Set<number>();
    for (const event of events.slice(0, -1)) {
      const { choices, ...envelope } = JSON.parse(event.slice('data: '.length));
      expect(envelope).toMatchObject(ENVELOPE);
      for (const { index, text, finish_reason: finish } of choices) {
        expect(text).toEqual(expect.any(String));
        expect(finished.has(index) && text !== '').toBe(false);
        if (finish !== null) finished.add(index);
      }
    }
  },
};

function logprobsOf(tokens: readonly string[]): object {
  return { tokens, token_logprobs: tokens.map(() => -1), top_logprobs: tokens.map((token) => ({ [token]: -1 })) };
}

function frame(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
