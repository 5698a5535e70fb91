import fc from 'fast-check';
import { openaiChat } from '../../../src/adapters/index.js';
import type { StreamEvent } from '../../../src/framing/index.js';

const request = {
  model: 'm',
  messages: [
    { role: 'system', content: 'one' },
    {
      role: 'user',
      name: 'two',
      content: [
        { type: 'text', text: 'three' },
        { type: 'image_url', image_url: { url: 'u' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      refusal: 'four',
      reasoning_content: 'five',
      tool_calls: [
        { id: 'c', type: 'function', function: { name: 'six', arguments: '{"q":"\\u006eine\\nzorgblat"}' } },
      ],
    },
    {
      role: 'assistant',
      content: [{ type: 'refusal', refusal: 'seven' }],
      function_call: { name: 'f', arguments: '{}' },
    },
    { role: 'tool', tool_call_id: 'c', content: 'eight' },
  ],
  tools: [
    {
      type: 'function',
      function: {
        name: 'g',
        description: 'ten',
        parameters: {
          properties: { 'a b': { description: 'eleven', enum: ['twelve'] }, default: { title: 'thirteen' } },
        },
      },
    },
  ],
};

const answer = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'a zorgblat', refusal: null, reasoning_content: 'b', reasoning: 'c' },
      logprobs: { content: [{ token: 'a' }] },
      finish_reason: 'stop',
    },
    { index: 1, message: { role: 'assistant', content: 'd' }, logprobs: { content: [] }, finish_reason: 'stop' },
  ],
  usage: { total_tokens: 3 },
};

const info = {
  notice: 'Stopped.',
  hitId: 'h1',
  timeMs: 1_700_000_000_000,
  category: 'abusive',
  direction: 'output',
  blockAs: 'refusal',
} as const;
const ASKED = { stream: true, answers: 1, usage: false } as const;
const NOTHING = { texts: new Map<string, string>(), fields: new Map<string, string>(), without: new Set<string>() };

/** A stream that has read these events. */
function reading(...events: readonly StreamEvent[]) {
  const stream = openaiChat.openStream(ASKED);
  for (const event of events) stream.read(event);
  return stream;
}

function deltasOf(event: StreamEvent) {
  return openaiChat.openStream(ASKED).read(event).deltas;
}

function chunk(choices: readonly object[], extra: object = {}): StreamEvent {
  return {
    data: JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...extra }),
  };
}

describe('openaiChat on whole bodies', () => {
  it('reads every text of a request', () => {
    const fields = Object.fromEntries(openaiChat.readTexts(request, 'input').map(({ path, text }) => [path, text]));
    expect(fields).toEqual({
      'messages[0].content': 'one',
      'messages[1].content[0].text': 'three',
      'messages[1].name': 'two',
      'messages[2].refusal': 'four',
      'messages[2].reasoning_content': 'five',
      'messages[2].tool_calls[0].function.name': 'six',
      'messages[2].tool_calls[0].function.arguments[0]': 'q',
      'messages[2].tool_calls[0].function.arguments[1]': 'nine\nzorgblat',
      'messages[3].content[0].refusal': 'seven',
      'messages[3].function_call.name': 'f',
      'messages[4].content': 'eight',
      'tools[0].function.name': 'g',
      'tools[0].function.description': 'ten',
      'tools[0].function.parameters.properties.names[0]': 'a b',
      'tools[0].function.parameters.properties[0].description': 'eleven',
      'tools[0].function.parameters.properties[0].enum[0]': 'twelve',
      'tools[0].function.parameters.properties.names[1]': 'default',
      'tools[0].function.parameters.properties[1].title': 'thirteen',
    });
  });

  it('reads every text of an answer', () => {
    expect(openaiChat.readTexts(answer, 'output').map(({ text }) => text)).toEqual(['a zorgblat', 'b', 'c', 'd']);
  });

  it.each([
    ['no object', null],
    ['a list', []],
    [
      'odd types',
      { messages: [null, 3, { content: 4 }, { tool_calls: [null, { function: 5 }] }], choices: 6, tools: 7 },
    ],
    [
      'references and bytes',
      {
        model: 'a/zorgblat',
        user: 'zorgblat',
        messages: [{ role: 'tool', tool_call_id: 'zorgblat' }, { content: [{ image_url: { url: 'data:zorgblat' } }] }],
      },
    ],
  ])('finds nothing in %s', (_, body) => {
    expect(openaiChat.readTexts(body, 'input')).toEqual([]);
    expect(openaiChat.readTexts(body, 'output')).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a key of another case', { Messages: [{ Content: 'a zorgblat' }] }, 'Messages[0].Content'],
    ['a message that is a string', { messages: ['a zorgblat'] }, 'messages[0]'],
    ['messages that are a string', { messages: 'a zorgblat' }, 'messages'],
    ['a key that nobody here knows', { documents: [{ 'the text': 'a zorgblat' }] }, 'documents[0]["the text"]'],
    ['a role that is a sentence', { messages: [{ role: 'a zorgblat' }] }, 'messages[0].role'],
    ['a word in another script', { user: '坏zorgblat' }, 'user'],
    [
      'two fields of one part',
      { messages: [{ content: [{ text: 'x', caption: 'a zorgblat' }] }] },
      'messages[0].content[0].caption',
    ],
  ])('reads what a backend may read: %s', (_, body, path) => {
    const field = openaiChat.readTexts(body, 'input').find((each) => each.path === path);
    expect(field?.text).toContain('zorgblat');
    expect(JSON.stringify(openaiChat.writeTexts(body, [{ path, text: '#' }]))).not.toContain('zorgblat');
  });

  it('reads what stands beside the text of an answer, but not its log probabilities', () => {
    const message = {
      role: 'assistant',
      content: 'x',
      annotations: [{ url_citation: { title: 'y', url: 'https://z' } }],
    };
    const body = {
      model: 'm',
      choices: [{ message, logprobs: { content: [{ token: 'p' }] } }],
      search_results: [{ snippet: 's' }],
    };
    expect(openaiChat.readTexts(body, 'output').map(({ text }) => text)).toEqual(['x', 'y', 's']);
  });

  it('writes without touching the source, and drops log probabilities of a changed choice', () => {
    const before = structuredClone(answer);
    const after = openaiChat.writeTexts(answer, [{ path: 'choices[0].message.content', text: 'a ***' }]);
    expect(answer).toEqual(before);
    expect(after).toMatchObject({
      choices: [{ message: { content: 'a ***' }, logprobs: null }, { logprobs: { content: [] } }],
    });
  });

  it('keeps arguments valid JSON when it edits them', () => {
    const path = 'messages[2].tool_calls[0].function.arguments[1]';
    const text = openaiChat.readTexts(request, 'input').find((field) => field.path === path)?.text ?? '';
    const after = openaiChat.writeTexts(request, [{ path, text: text.replace('zorgblat', '***') }]);
    const call = openaiChat.readTexts(after, 'input').find((field) => field.path === path);
    expect(call?.text).toBe('nine\n***');
    expect(JSON.stringify(after)).toContain('nine\\\\n***');
  });

  it('changes nothing without edits, and finds each path once', () => {
    const text = fc.string();
    const part = fc.record({ type: fc.constant('text'), text, refusal: text }, { requiredKeys: [] });
    const content = fc.oneof(text, fc.constant(null), fc.array(fc.oneof(part, text, fc.jsonValue())), fc.jsonValue());
    const call = fc.record({ function: fc.record({ name: text, arguments: text }) });
    const message = fc.record({ role: text, content, tool_calls: fc.array(call) }, { requiredKeys: ['role'] });
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record({ messages: fc.array(message), tools: fc.jsonValue() }),
      fc.record({ choices: fc.array(fc.record({ message })) }),
    );
    fc.assert(
      fc.property(body, (value) => {
        expect(openaiChat.writeTexts(value, [])).toEqual(value);
        for (const direction of ['input', 'output'] as const) {
          const fields = openaiChat.readTexts(value, direction);
          expect(new Set(fields.map(({ path }) => path)).size).toBe(fields.length);
        }
      }),
    );
  });

  it('puts a notice in place of a blocked answer and keeps its usage', () => {
    const blocked = openaiChat.blockedOutput(answer, info);
    expect(JSON.stringify(blocked)).not.toContain('zorgblat');
    expect(blocked).toMatchObject({
      id: 'x',
      choices: [
        { index: 0, message: { content: 'Stopped.', refusal: null }, finish_reason: 'content_filter' },
        { index: 1, finish_reason: 'content_filter' },
      ],
      usage: { total_tokens: 3 },
      moderation: { category: 'abusive', hit_id: 'h1' },
    });
  });

  it('answers a blocked request so that clients do not try again', () => {
    const blocked = { ...info, direction: 'input', blockAs: 'error' } as const;
    expect(openaiChat.blockedReply(blocked, ASKED)).toMatchObject({
      status: 400,
      headers: { 'x-should-retry': 'false' },
      content: { body: { error: { type: 'invalid_request_error', param: 'messages', code: 'content_filter' } } },
    });
  });

  it('refuses a request with a whole answer', () => {
    const reply = openaiChat.blockedReply(info, { stream: false, answers: 2, usage: false, model: 'm' });
    const choice = (index: number) => ({
      index,
      message: { role: 'assistant', content: 'Stopped.', refusal: null },
      logprobs: null,
      finish_reason: 'content_filter',
    });
    expect(reply).toMatchObject({
      status: 200,
      content: {
        body: {
          object: 'chat.completion',
          model: 'm',
          choices: [choice(0), choice(1)],
          usage: { total_tokens: 0 },
          moderation: { blocked: true, category: 'abusive', hit_id: 'h1' },
        },
      },
    });
  });

  it('refuses a request for a stream with a stream', () => {
    const { content } = openaiChat.blockedReply(info, { stream: true, answers: 2, usage: true });
    const events = 'events' in content ? content.events.map(({ data }) => data) : [];
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((data) => JSON.parse(data));
    const said = chunks.flatMap(({ choices }) => choices);
    for (const index of [0, 1]) {
      const own = said.filter((choice) => choice.index === index);
      expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe('Stopped.');
      expect(own.map((choice) => choice.finish_reason)).toEqual([null, 'content_filter']);
    }
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 0 } });
  });

  it('adds a note to an answer', () => {
    const moderation = { action: 'flag', categories: ['crime'], unscreened: [], hitId: 'h1' } as const;
    expect(openaiChat.annotateBody({ id: 'x' }, { aiGenerated: true, moderation })).toEqual({
      id: 'x',
      ai_generated: true,
      moderation: { blocked: false, action: 'flag', categories: ['crime'], hit_id: 'h1' },
    });
  });

  it.each([
    [true, true],
    ['true', true],
    [1, true],
    [false, false],
    ['no', false],
    [undefined, false],
  ])('takes stream %p as %p', (stream, expected) => {
    expect(openaiChat.readAsked({ stream }).stream).toBe(expected);
  });
});

describe('openaiChat on streams', () => {
  it('reads one delta per choice and channel', () => {
    const event = chunk([
      { index: 1, delta: { content: 'a', reasoning_content: 'b', refusal: 'c' } },
      { index: 0, delta: { tool_calls: [{ index: 2, function: { name: 'f', arguments: '{"k' } }] } },
    ]);
    expect(deltasOf(event)).toEqual([
      { channel: 'choices[1].content', text: 'a' },
      { channel: 'choices[1].reasoning_content', text: 'b' },
      { channel: 'choices[1].refusal', text: 'c' },
      { channel: 'choices[0].tool_calls[2].arguments[0]', text: 'k' },
    ]);
  });

  it.each<[string, StreamEvent]>([
    ['[DONE]', { data: '[DONE]' }],
    ['usage', chunk([], { usage: {} })],
    ['no object', { data: '3' }],
  ])('reads no text from %s', (_, event) => {
    expect(deltasOf(event)).toEqual([]);
    expect(reading(event).write({ ...NOTHING, texts: new Map([['choices[0].content', 'x']]) })).toBe(event);
  });

  it('refuses an event that is not JSON', () => {
    expect(() => reading({ data: '{"choices":[' })).toThrow('not valid JSON');
  });

  it('replaces named channels only, and drops log probabilities with them', () => {
    const event = chunk([
      { index: 0, delta: { content: 'ab', reasoning: 'r' }, logprobs: { content: [{ token: 'ab' }] } },
    ]);
    const write = (text: string) =>
      reading(event).write({ ...NOTHING, texts: new Map([['choices[0].content', text]]) });
    expect(JSON.parse(write('a')?.data ?? '').choices).toEqual([
      { index: 0, delta: { content: 'a', reasoning: 'r' }, logprobs: null },
    ]);
    expect(write('ab')).toBe(event);
  });

  it.each([
    'choices[0].content',
    'choices[3].reasoning_content',
    'choices[0].reasoning',
    'choices[0].reasoning_details',
    'choices[0].thinking',
    'choices[0].refusal',
    'choices[1].tool_calls[4].arguments.other[0]',
    'choices[1].custom_tool_calls[4]',
    'choices[0].function_call.arguments.other[0]',
    'choices[0].thinking_blocks',
    'choices[0].of_tomorrow',
    'choices[0].audio',
  ])('frames text that reads back on %s', (channel) => {
    const template = chunk([{ index: 0, delta: { role: 'assistant' } }], { usage: null });
    const [framed, ...rest] = reading(template).frameText(channel, 'zorg\u2000blat');
    expect(deltasOf(framed ?? { data: '' })).toEqual([{ channel, text: 'zorg\u2000blat' }]);
    expect(JSON.parse(framed?.data ?? '')).toMatchObject({ id: 'x', created: 1, model: 'm' });
    expect(framed?.event).toBeUndefined();
    expect(rest).toEqual([]);
  });

  it('ends the channels of a choice with its finish reason, and all with [DONE]', () => {
    const ends = (event: StreamEvent) => openaiChat.openStream(ASKED).read(event).ends;
    expect(ends(chunk([{ index: 1, delta: {}, finish_reason: 'stop' }]))).toEqual(['choices[1]']);
    expect(ends(chunk([{ index: 1, delta: {}, finish_reason: null }]))).toEqual([]);
    expect(ends({ data: '[DONE]' })).toBe('all');
  });

  it('ends a blocked answer with an empty delta and the finish reason', () => {
    const template = chunk([{ index: 1, delta: { content: 'zorgblat' } }]);
    const [finish, ...rest] = reading(template).frameBlocked('choices[1]', info);
    expect(JSON.parse(finish?.data ?? '')).toMatchObject({
      id: 'x',
      choices: [{ index: 1, delta: {}, finish_reason: 'content_filter' }],
      moderation: { blocked: true, hit_id: 'h1', notice: 'Stopped.' },
    });
    expect(finish?.data).not.toContain('zorgblat');
    expect(rest).toEqual([]);
    expect(reading().frameBlocked('choices[0]', info)).toHaveLength(1);
  });

  it('says the notice as text where that is wanted, before the end of the answer', () => {
    const [said, finish] = reading(chunk([])).frameBlocked('choices[1]', { ...info, noticeAsText: true });
    expect(deltasOf(said ?? { data: '' })).toEqual([{ channel: 'choices[1].content', text: 'Stopped.' }]);
    expect(finish?.data).toContain('content_filter');
  });

  it('ends with an error and [DONE] where a block is told as an error', () => {
    const stream = openaiChat.openStream({ ...ASKED, usage: true });
    stream.read(chunk([], { usage: { total_tokens: 3 } }));
    const [error, ...rest] = stream.frameBlocked('choices[0]', { ...info, blockAs: 'error' });
    expect(JSON.parse(error?.data ?? '')).toMatchObject({ error: { code: 'content_filter', message: 'Stopped.' } });
    expect([...rest, ...stream.frameEnd()]).toEqual([{ data: '[DONE]' }]);
  });

  it('ends a stream with [DONE], and with the usage only if one was seen', () => {
    const stream = openaiChat.openStream({ ...ASKED, usage: true });
    expect(stream.frameEnd()).toEqual([{ data: '[DONE]' }]);
    stream.read({ data: '{"id":"x","choices":[],"usage":{"total_tokens":3}}' });
    const [usage, done] = stream.frameEnd();
    expect(JSON.parse(usage?.data ?? '')).toMatchObject({ id: 'x', choices: [], usage: { total_tokens: 3 } });
    expect(done).toEqual({ data: '[DONE]' });
  });

  it.each([
    ['nothing to drop', ['choices[2]'], [0, 1]],
    ['one of two', ['choices[0]'], [1]],
    ['all', ['choices[0]', 'choices[1]'], undefined],
  ])('drops answers of an event: %s', (_, dropped, left) => {
    const event = chunk([
      { index: 0, delta: {} },
      { index: 1, delta: {} },
    ]);
    const stream = reading(event);
    const rest = stream.write({ ...NOTHING, without: new Set(dropped) });
    expect(rest === undefined ? undefined : stream.read(rest).answers).toEqual(
      left?.map((index) => `choices[${index}]`),
    );
  });

  it.each([
    ['neither', {}, { stream: false, answers: 1, usage: false }],
    ['both', { n: 3, stream_options: { include_usage: true } }, { stream: false, answers: 3, usage: true }],
    ['nonsense', { n: 'x', stream_options: 1 }, { stream: false, answers: 1, usage: false }],
    ['a huge number', { n: 1e9 }, { stream: false, answers: 128, usage: false }],
  ])('reads what a request asks of its reply: %s', (_, body, expected) => {
    expect(openaiChat.readAsked(body)).toEqual(expected);
  });

  it('blocks only the named answers of a reply', () => {
    const message = { role: 'assistant', content: 'fine' };
    const answer = { choices: [0, 1].map((index) => ({ index, message, finish_reason: 'stop' })) };
    expect(openaiChat.blockedOutput(answer, info, new Set(['choices[1]']))).toMatchObject({
      choices: [
        { message, finish_reason: 'stop' },
        { message: { content: 'Stopped.' }, finish_reason: 'content_filter' },
      ],
    });
  });
});
