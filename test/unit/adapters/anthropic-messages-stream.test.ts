import { MessagesStream } from '../../../src/adapters/anthropic-messages-stream.js';
import type { StreamEvent } from '../../../src/framing/index.js';

const info = {
  notice: 'Stopped.',
  hitId: 'h1',
  timeMs: 1_700_000_000_000,
  category: 'abusive',
  direction: 'output',
  blockAs: 'refusal',
} as const;
const UNCHANGED = { texts: new Map<string, string>(), fields: new Map<string, string>(), without: new Set<string>() };

const event = (type: string, fields: object = {}): StreamEvent => ({
  event: type,
  data: JSON.stringify({ type, ...fields }),
});
const delta = (index: number, fields: object): StreamEvent => event('content_block_delta', { index, delta: fields });
const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null };
const START = event('message_start', { message: { ...MESSAGE, usage: { input_tokens: 7, output_tokens: 1 } } });
const blockStart = (index: number, block: object): StreamEvent =>
  event('content_block_start', { index, content_block: block });
const TEXT = { type: 'text', text: '' };
const CALL = { type: 'tool_use', id: 't', name: 'f', input: {} };

/** A stream of which these events have passed. */
function openStream(...passed: readonly StreamEvent[]): MessagesStream {
  const stream = new MessagesStream({ stream: true, answers: 1, usage: true, model: 'asked' });
  for (const each of passed) {
    stream.read(each);
    stream.leave(stream.write(UNCHANGED) as StreamEvent);
  }
  return stream;
}

const parsed = (events: readonly StreamEvent[]) => events.map(({ data }) => JSON.parse(data));

describe('MessagesStream', () => {
  it.each<[string, StreamEvent, string, string]>([
    ['text', delta(0, { type: 'text_delta', text: 'a' }), 'content[0].text', 'a'],
    ['thinking', delta(1, { type: 'thinking_delta', thinking: 'b' }), 'content[1].thinking', 'b'],
    ['tool input', delta(2, { type: 'input_json_delta', partial_json: '{"\\u0063' }), 'content[2].input[0]', 'c'],
    ['tool input that is no JSON', delta(2, { partial_json: '[c' }), 'content[2].input.other[0]', 'c'],
    ['a delta that nobody here knows', delta(3, { type: 'new_delta', saying: 'd' }), 'content[3].saying', 'd'],
    ['the text a block begins with', blockStart(4, { type: 'text', text: 'e' }), 'content[4].text', 'e'],
    ['text under another event', event('message_delta', { delta: { text: 'f' } }), 'content[0].text', 'f'],
    [
      'the text a message begins with',
      event('message_start', { message: { ...MESSAGE, content: [{ type: 'text', text: 'g' }] } }),
      'content[0].text',
      'g',
    ],
  ])('reads %s as a channel', (_, read, channel, text) => {
    const step = openStream().read(read);
    expect(step.deltas).toEqual([{ channel, text }]);
    expect(step.fields).toEqual([]);
  });

  it.each<[string, StreamEvent, object[]]>([
    [
      'a citation',
      delta(0, { type: 'citations_delta', citation: { type: 'char_location', cited_text: 'a', document_title: 'b' } }),
      [
        { path: 'content[0].citation.cited_text', text: 'a', answer: 'content' },
        { path: 'content[0].citation.document_title', text: 'b', answer: 'content' },
      ],
    ],
    [
      'a tool result that comes whole',
      blockStart(1, { type: 'web_search_tool_result', tool_use_id: 't', content: [{ title: 'a', url: 'https://b' }] }),
      [{ path: 'content[1].content[0].title', text: 'a', answer: 'content' }],
    ],
    [
      'a tool input that comes whole',
      blockStart(1, { ...CALL, input: { q: 'a' } }),
      [
        { path: 'content[1].name', text: 'f', answer: 'content' },
        { path: 'content[1].input[0]', text: 'q', answer: 'content' },
        { path: 'content[1].input[1]', text: 'a', answer: 'content' },
      ],
    ],
    [
      'what the backend says about a refusal',
      event('message_delta', { delta: { stop_reason: 'refusal', stop_details: { explanation: 'a' } } }),
      [{ path: 'stop_details.explanation', text: 'a', answer: 'content' }],
    ],
    [
      'an error, which stops no answer',
      event('error', { error: { type: 'api_error', message: 'a' } }),
      [{ path: 'error.message', text: 'a' }],
    ],
  ])('reads %s as standing alone', (_, read, fields) => {
    const step = openStream().read(read);
    expect(step.fields).toEqual(fields);
    expect(step.deltas).toEqual([]);
  });

  it('reads an event that nobody here knows as a piece of something', () => {
    const step = openStream().read(event('new', { note: 'a' }));
    expect(step).toMatchObject({ fields: [], deltas: [{ channel: 'note', text: 'a' }] });
  });

  it.each<[string, StreamEvent, readonly string[] | 'all', boolean]>([
    ['a block', event('content_block_stop', { index: 2 }), ['content[2]'], false],
    [
      'thinking before its signature',
      delta(1, { type: 'signature_delta', signature: 'c2ln' }),
      ['content[1].thinking'],
      false,
    ],
    ['the message', event('message_delta', { delta: { stop_reason: 'end_turn' } }), ['content'], false],
    ['the stream', event('message_stop'), 'all', true],
    ['the stream, where a backend says so', { data: '[DONE]' }, 'all', true],
    ['the stream, broken', event('error', { error: {} }), 'all', false],
    ['nothing', event('ping'), [], false],
    ['nothing yet', event('message_delta', { delta: { stop_reason: null } }), [], false],
  ])('ends %s', (_, read, ends, last) => {
    expect(openStream().read(read)).toMatchObject({ ends, last });
  });

  it.each([
    ['no JSON', '{"type":'],
    ['no object', '"zorgblat"'],
    ['another format', '{"choices":[{"delta":{"content":"zorg"}}]}'],
  ])('breaks on %s', (_, data) => {
    expect(() => openStream().read({ data })).toThrow('An event of the stream ');
  });

  it('passes what does not change as it came', () => {
    const stream = openStream(START);
    const read = {
      event: 'content_block_delta',
      data: '{"type": "content_block_delta",  "index":0,"delta":{"text":"a"}}',
    };
    stream.read(read);
    expect(stream.write({ ...UNCHANGED, texts: new Map([['content[0].text', 'a']]) })).toBe(read);
  });

  it('writes texts of channels, known or not, and keeps the rest', () => {
    const stream = openStream(START);
    stream.read(delta(0, { type: 'text_delta', text: 'ab', extra: { note: 'c' } }));
    const texts = new Map([
      ['content[0].text', 'a'],
      ['content[0].extra.note', '#'],
    ]);
    const written = stream.write({ ...UNCHANGED, texts });
    expect(written?.event).toBe('content_block_delta');
    expect(parsed([written as StreamEvent])).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a', extra: { note: '#' } } },
    ]);
  });

  it('reads the texts of tool input one by one, and holds half of an escape until it is whole', () => {
    const stream = openStream(START, blockStart(0, CALL));
    const steps = ['{"q":"\\u00', '6f\\n","b":[2,""', ',true]}'].map((partial_json) => {
      const { deltas, ends } = stream.read(delta(0, { type: 'input_json_delta', partial_json }));
      const { data } = stream.write(UNCHANGED) as StreamEvent;
      return [deltas.map(({ channel, text }) => `${channel} ${text}`), ends, JSON.parse(data).delta.partial_json];
    });
    expect(steps).toEqual([
      [['content[0].input[0] q'], ['content[0].input[0]'], '{"q":"'],
      [
        ['content[0].input[1] o\n', 'content[0].input[2] b'],
        ['content[0].input[1]', 'content[0].input[2]'],
        '\\u006f\\n","b":[2,""',
      ],
      [['content[0].input.other[0] true'], ['content[0].input.other[0]'], ',true]}'],
    ]);
  });

  it('writes texts of tool input as JSON, and what stands between them as it came', () => {
    const stream = openStream(START, blockStart(0, CALL));
    stream.read(delta(0, { type: 'input_json_delta', partial_json: '{"a" : "b", "c":"d' }));
    const texts = new Map([
      ['content[0].input[1]', '"\n'],
      ['content[0].input[3]', ''],
    ]);
    const written = stream.write({ ...UNCHANGED, texts });
    expect(parsed([written as StreamEvent])[0].delta.partial_json).toBe('{"a" : "\\"\\n", "c":"');
  });

  it('frames the vetted texts of tool input with what stands before them', () => {
    const stream = openStream(START, blockStart(0, CALL));
    stream.read(delta(0, { type: 'input_json_delta', partial_json: '{"a":"b","c":"well, zorgblat' }));
    const framed = ['a', 'b', 'c', 'well, '].map((text, index) => {
      return parsed(stream.frameText(`content[0].input[${index}]`, text))[0].delta.partial_json;
    });
    expect(framed).toEqual(['{"a', '":"b', '","c', '":"well, ']);
  });

  it('frames what is released later without what went out before', () => {
    const stream = openStream(START, blockStart(0, CALL), delta(0, { partial_json: '{"a":"well' }));
    expect(parsed(stream.frameText('content[0].input[1]', ' so'))[0].delta.partial_json).toBe(' so');
  });

  it('lets nothing pass once the answer is stopped', () => {
    const stream = openStream(START);
    for (const read of [delta(0, { text: 'a' }), event('ping'), event('message_stop'), event('error', { error: {} })]) {
      stream.read(read);
      expect(stream.write({ ...UNCHANGED, without: new Set(['content']) })).toBeUndefined();
    }
  });

  it.each(['content[0].text', 'content[3].thinking', 'content[2].content'])(
    'frames text that reads back on %s',
    (channel) => {
      const stream = openStream(START);
      const framed = stream.frameText(channel, 'zorg\nblat');
      expect(framed.map((each) => each.event)).toEqual(['content_block_delta']);
      expect(openStream().read(framed[0] as StreamEvent).deltas).toEqual([{ channel, text: 'zorg\nblat' }]);
    },
  );

  it.each([
    ['content[1].input[4]', 'a\\n"b'.replace('"', '\\"')],
    ['content[1].input.other[0]', 'a\n"b'],
  ])('frames what was held of %s when the block ends', (channel, source) => {
    const framed = openStream(START).frameText(channel, 'a\n"b');
    expect(parsed(framed)[0]).toMatchObject({ index: 1, delta: { type: 'input_json_delta', partial_json: source } });
  });

  it.each<[string, StreamEvent[], StreamEvent, string[]]>([
    [
      'in an open block',
      [START, blockStart(0, TEXT)],
      delta(0, { text: 'zorgblat' }),
      ['content_block_stop 0', 'message_delta'],
    ],
    [
      'between blocks',
      [START, blockStart(0, TEXT), event('content_block_stop', { index: 0 })],
      blockStart(1, { type: 'text', text: 'zorgblat' }),
      ['message_delta'],
    ],
    [
      'with two blocks open',
      [START, blockStart(0, TEXT), blockStart(1, TEXT)],
      delta(1, { text: 'zorgblat' }),
      ['content_block_stop 0', 'content_block_stop 1', 'message_delta'],
    ],
    [
      'before the message began',
      [],
      event('message_start', { message: { ...MESSAGE, content: [{ type: 'text', text: 'zorgblat' }] } }),
      ['message_start', 'message_delta'],
    ],
    [
      'in a tool call without any input yet, which must not pass for a whole one',
      [START, blockStart(0, CALL)],
      delta(0, { partial_json: 'zorgblat' }),
      ['content_block_delta 0', 'content_block_stop 0', 'message_delta'],
    ],
    [
      'in a tool call with some input',
      [START, blockStart(0, CALL), delta(0, { partial_json: '{"a' })],
      delta(0, { partial_json: 'zorgblat' }),
      ['content_block_stop 0', 'message_delta'],
    ],
  ])('ends a blocked message %s', (_, passed, read, expected) => {
    const stream = openStream(...passed);
    stream.read(read);
    const events = stream.frameBlocked('content', info);
    const named = parsed(events).map(({ type, index }) => (index === undefined ? type : `${type} ${index}`));
    expect(named).toEqual(expected);
    expect(events.map((each) => each.event)).toEqual(parsed(events).map(({ type }) => type));
    expect(JSON.stringify(events)).not.toContain('zorgblat');
    expect(stream.frameEnd()).toEqual([{ event: 'message_stop', data: '{"type":"message_stop"}' }]);
  });

  it('tells reason, details and the usage so far at the end of a blocked message', () => {
    const stream = openStream(
      START,
      event('message_delta', { delta: {}, usage: { output_tokens: 5, input_tokens: null } }),
    );
    stream.read(delta(0, { text: 'zorgblat' }));
    expect(parsed(stream.frameBlocked('content', info)).at(-1)).toEqual({
      type: 'message_delta',
      delta: {
        stop_reason: 'refusal',
        stop_sequence: null,
        stop_details: {
          type: 'refusal',
          category: 'general_harms',
          explanation: 'Stopped. Leave the refused turn out of the next request.',
        },
      },
      usage: { input_tokens: 7, output_tokens: 5 },
      moderation: { blocked: true, category: 'abusive', hit_id: 'h1' },
    });
  });

  it.each<[string, StreamEvent[], boolean]>([
    ['behind text', [START, blockStart(0, TEXT)], true],
    ['never behind half a tool call, which another block would set off', [START, blockStart(0, CALL)], false],
  ])('says the notice as a block of its own %s', (_, passed, says) => {
    const stream = openStream(...passed);
    const events = parsed(stream.frameBlocked('content', { ...info, noticeAsText: true }));
    const said = events.filter(({ index }) => index === 1).map(({ type }) => type);
    expect(said).toEqual(says ? ['content_block_start', 'content_block_delta', 'content_block_stop'] : []);
    expect(events.at(-1)).toMatchObject({ delta: { stop_reason: 'refusal' } });
  });

  it('opens the block whose beginning is cut', () => {
    const stream = openStream(START);
    stream.read(blockStart(0, { type: 'text', text: 'well zorgblat' }));
    const framed = stream.frameText('content[0].text', 'well ');
    for (const each of framed) stream.leave(each);
    expect(parsed(framed)).toMatchObject([
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { text: 'well ' } },
    ]);
    expect(parsed(stream.frameBlocked('content', info))[0]).toEqual({ type: 'content_block_stop', index: 0 });
  });

  it('tells a block as an error, behind which nothing follows, where the policy says so', () => {
    const stream = openStream(START, blockStart(0, TEXT));
    stream.read(delta(0, { text: 'zorgblat' }));
    const events = stream.frameBlocked('content', { ...info, blockAs: 'error' });
    expect(events).toHaveLength(1);
    expect(events[0]?.event).toBe('error');
    expect(parsed(events)[0]).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
      request_id: 'h1',
    });
    expect(stream.frameEnd()).toEqual([]);
  });

  it('tells that the backend itself refused', () => {
    const step = openStream().read(event('message_delta', { delta: { stop_reason: 'refusal' } }));
    expect(step.filtered).toEqual([{ direction: 'output', field: 'content' }]);
  });
});
