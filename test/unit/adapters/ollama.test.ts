import type { BlockInfo } from '../../../src/adapters/index.js';
import { ollamaChat, ollamaGenerate } from '../../../src/adapters/ollama.js';
import { OllamaStream } from '../../../src/adapters/ollama-stream.js';

const INFO: BlockInfo = {
  notice: 'Withheld.',
  hitId: 'r1',
  timeMs: 1_700_000_000_000,
  category: 'abusive',
  direction: 'output',
  blockAs: 'refusal',
};
const NOTHING = { texts: new Map<string, string>(), fields: new Map<string, string>(), without: new Set<string>() };
const texts = (body: unknown, direction: 'input' | 'output' = 'input') =>
  ollamaChat.readTexts(body, direction).map(({ path, text }) => [path, text]);
const line = (value: object) => ({ data: JSON.stringify(value) });

describe('requests', () => {
  it.each<[name: string, body: object, found: [path: string, text: string][]]>([
    ['a message', { model: 'm', messages: [{ role: 'user', content: 'a' }] }, [['messages[0].content', 'a']]],
    [
      'thinking and a tool result',
      {
        messages: [
          { role: 'assistant', thinking: 'a' },
          { role: 'tool', tool_name: 'b', content: 'c' },
        ],
      },
      [
        ['messages[0].thinking', 'a'],
        ['messages[1].tool_name', 'b'],
        ['messages[1].content', 'c'],
      ],
    ],
    [
      'arguments of a tool call, values and keys, as the client sees them',
      {
        messages: [
          { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: { k: { l: ['\u0061'] }, n: 1 } } }] },
        ],
      },
      [
        ['messages[0].tool_calls[0].function.name', 'f'],
        ['messages[0].tool_calls[0].function.arguments[0]', 'k'],
        ['messages[0].tool_calls[0].function.arguments[1]', 'l'],
        ['messages[0].tool_calls[0].function.arguments[2]', 'a'],
        ['messages[0].tool_calls[0].function.arguments[3]', 'n'],
      ],
    ],
    [
      'prompts and templates',
      { prompt: 'a', suffix: 'b', system: 'c', template: 'd' },
      [
        ['prompt', 'a'],
        ['suffix', 'b'],
        ['system', 'c'],
        ['template', 'd'],
      ],
    ],
    [
      'the schema of the answer and the stop words',
      { format: { type: 'object', properties: { age: { description: 'a' } } }, options: { stop: ['b'] } },
      [
        ['format.properties.names[0]', 'age'],
        ['format.properties[0].description', 'a'],
        ['options.stop[0]', 'b'],
      ],
    ],
    [
      'no images, tokens or words of the format',
      { model: 'm', prompt: '', images: ['aGk='], context: [1], format: 'json', keep_alive: '5m' },
      [['prompt', '']],
    ],
    ['keys in another case', { Prompt: 'a' }, [['Prompt', 'a']]],
  ])('%s', (_, body, found) => {
    expect(texts(body)).toEqual(found);
  });

  it('names the role of every text of a message', () => {
    const body = {
      messages: [
        { role: 'system', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    };
    expect(ollamaChat.readTexts(body, 'input').map(({ role }) => role)).toEqual(['system', 'user']);
  });

  it.each([
    [{}, true],
    [{ stream: true }, true],
    [{ stream: null }, true],
    [{ stream: 'false' }, false],
    [{ stream: false }, false],
  ])('%j asks for a stream: %p', (body, stream) => {
    expect(ollamaChat.readAsked({ ...body, model: 'm' })).toEqual({ stream, answers: 1, usage: false, model: 'm' });
  });

  it('writes values and keys where it read them, and keeps the tokens', () => {
    const body = {
      prompt: 'a',
      context: [1],
      messages: [{ tool_calls: [{ function: { arguments: { bad: 'b', ok: 1 } } }] }],
    };
    const path = 'messages[0].tool_calls[0].function.arguments';
    expect(
      ollamaChat.writeTexts(body, [
        { path: 'prompt', text: '#' },
        { path: `${path}[1]`, text: '##' },
        { path: `${path}[0]`, text: '###' },
      ]),
    ).toEqual({
      prompt: '#',
      context: [1],
      messages: [{ tool_calls: [{ function: { arguments: { '###': '##', ok: 1 } } }] }],
    });
    expect(body.prompt).toBe('a');
  });

  it.each<[adapter: typeof ollamaChat, body: unknown, recognized: boolean]>([
    [ollamaChat, { model: 'm', messages: [{ role: 'user' }], keep_alive: 0 }, true],
    [ollamaChat, { model: 'm', messages: [{ role: 'user' }] }, false],
    [ollamaGenerate, { model: 'm', prompt: 'a', system: 'b' }, true],
    [ollamaGenerate, { model: 'm', prompt: 'a', max_tokens: 5 }, false],
    [ollamaGenerate, 'text', false],
  ])('recognizes its shape (%#)', (adapter, body, recognized) => {
    expect(adapter.recognizes({ body })).toBe(recognized);
  });
});

describe('whole answers', () => {
  const answer = {
    model: 'm',
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: 'a', thinking: 'b' },
    done: true,
    done_reason: 'stop',
    eval_count: 3,
    context: [1],
    logprobs: [{ token: 'a' }],
  };

  it('reads content and thinking', () => {
    expect(texts(answer, 'output')).toEqual([
      ['message.content', 'a'],
      ['message.thinking', 'b'],
    ]);
    expect(texts({ error: 'a' }, 'output')).toEqual([]);
  });

  it('takes the token arrays out of a redacted answer', () => {
    const { context: _, logprobs: __, ...rest } = answer;
    const message = { ...answer.message, content: '#' };
    expect(ollamaChat.writeTexts(answer, [{ path: 'message.content', text: '#' }])).toEqual({ ...rest, message });
  });

  it('puts a notice in place of a blocked one and keeps what was counted', () => {
    expect(ollamaChat.blockedOutput(answer, INFO)).toEqual({
      model: 'm',
      created_at: '2026-01-01T00:00:00Z',
      message: { role: 'assistant', content: 'Withheld.' },
      done: true,
      done_reason: 'content_filter',
      eval_count: 3,
      moderation: { blocked: true, category: 'abusive', hit_id: 'r1' },
    });
    expect(ollamaGenerate.blockedOutput({ response: 'a' }, INFO)).toMatchObject({ response: 'Withheld.', done: true });
  });
});

describe('a refused request', () => {
  const asked = { stream: false, answers: 1, usage: false, model: 'm' };

  it.each<[name: string, info: BlockInfo, stream: boolean, reply: object]>([
    ['is an error', { ...INFO, blockAs: 'error' }, true, { status: 400, content: { body: { error: 'Withheld.' } } }],
    [
      'is an answer',
      INFO,
      false,
      { status: 200, content: { body: { message: { content: 'Withheld.' }, done: true } } },
    ],
  ])('%s', (_, info, stream, reply) => {
    expect(ollamaChat.blockedReply(info, { ...asked, stream })).toMatchObject(reply);
  });

  it('is a stream for one that asks for a stream', () => {
    const { content } = ollamaGenerate.blockedReply(INFO, { ...asked, stream: true });
    const lines = 'events' in content ? content.events.map(({ data }) => JSON.parse(data)) : [];
    expect(lines).toMatchObject([
      { model: 'm', response: 'Withheld.', done: false },
      { model: 'm', response: '', done: true, done_reason: 'content_filter', moderation: { blocked: true } },
    ]);
  });
});

describe('a stream', () => {
  const said = (content: string, extra: object = {}) =>
    line({ model: 'm', created_at: 't', message: { role: 'assistant', content }, done: false, ...extra });

  it('reads the text of a line, and what else it says as texts of their own', () => {
    const call = { function: { name: 'f', arguments: { city: 'x' } } };
    const step = new OllamaStream('chat').read(
      line({
        model: 'm',
        message: { role: 'assistant', content: 'a', thinking: 'b', tool_calls: [call] },
        done: false,
      }),
    );
    expect(step).toMatchObject({
      deltas: [
        { channel: 'message.content', text: 'a' },
        { channel: 'message.thinking', text: 'b' },
      ],
      fields: [
        { path: 'message.tool_calls[0].function.name', answer: 'answer' },
        { path: 'message.tool_calls[0].function.arguments[0]', text: 'city' },
        { path: 'message.tool_calls[0].function.arguments[1]', text: 'x', answer: 'answer' },
      ],
      ends: [],
      last: false,
    });
  });

  it('ends with the line that is done, and with an error', () => {
    expect(new OllamaStream('chat').read(said('', { done: true }))).toMatchObject({
      deltas: [],
      ends: 'all',
      last: true,
    });
    expect(new OllamaStream('chat').read(line({ error: 'a' }))).toMatchObject({
      fields: [{ path: 'error', text: 'a' }],
      ends: 'all',
      last: true,
    });
  });

  it('leaves a line as it is that nothing changes', () => {
    const stream = new OllamaStream('chat');
    const event = said('a', { logprobs: [] });
    stream.read(event);
    expect(stream.write({ ...NOTHING, texts: new Map([['message.content', 'a']]) })).toBe(event);
  });

  it('keeps token arrays only as long as they tell nothing that waits', () => {
    const stream = new OllamaStream('chat');
    const leave = (content: string, left: string) => {
      stream.read(said(content, { logprobs: [{ token: content }] }));
      return stream.write({ ...NOTHING, texts: new Map([['message.content', left]]) })!.data.includes('logprobs');
    };
    expect(leave('a', 'a')).toBe(true);
    expect(leave('zo', '')).toBe(false);
    // The same text leaves that arrived, but it is the one before.
    expect(leave('zo', 'zo')).toBe(false);
    expect(leave('r', 'zor')).toBe(false);
    expect(leave('b', 'b')).toBe(true);
    expect(leave('zorgblat', '#')).toBe(false);
    expect(leave('b', 'b')).toBe(false);
  });

  it.each([
    ['was redacted', '#', false],
    ['leaves as it came', 'a', true],
  ])('the context of a stream that %s', (_, left, kept) => {
    const stream = new OllamaStream('generate');
    stream.read(line({ model: 'm', response: 'a', done: false }));
    stream.write({ ...NOTHING, texts: new Map([['response', left]]) });
    stream.read(line({ model: 'm', response: '', done: true, context: [1, 2] }));
    expect(stream.write(NOTHING)!.data.includes('context')).toBe(kept);
  });

  it('sets the notice off from what was read before, in a line of its own', () => {
    const stream = new OllamaStream('chat');
    stream.read(said('a zor'));
    stream.frameText('message.content', 'a ');
    expect(stream.frameBlocked('answer', INFO).map(({ data }) => JSON.parse(data))).toEqual([
      { model: 'm', created_at: 't', message: { role: 'assistant', content: '\n\nWithheld.' }, done: false },
      {
        model: 'm',
        created_at: 't',
        message: { role: 'assistant', content: '' },
        done: true,
        done_reason: 'content_filter',
        moderation: { blocked: true, category: 'abusive', hit_id: 'r1', notice: 'Withheld.' },
      },
    ]);
  });

  it('tells an error as clients read it', () => {
    const error = new OllamaStream('chat').frameBlocked('answer', { ...INFO, blockAs: 'error' });
    expect(error.map(({ data }) => JSON.parse(data))).toMatchObject([{ error: 'Withheld.' }]);
    const broken = { status: 502, type: 'api_error', code: 'stream_broken', message: 'It broke.' };
    expect(JSON.parse(new OllamaStream('chat').frameError(broken)[0]!.data)).toMatchObject({ error: 'It broke.' });
  });
});

it('repeats no model name in a refusal that is more than a word', () => {
  const body = { model: 'a zorgblat', response: 'b' };
  expect(JSON.stringify(ollamaGenerate.blockedOutput(body, INFO))).not.toContain('zorgblat');
  const asked = { stream: true, answers: 1, usage: false, model: 'a zorgblat' };
  expect(JSON.stringify(ollamaChat.blockedReply(INFO, asked))).not.toContain('zorgblat');
});
