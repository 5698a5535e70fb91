import { openaiResponses } from '../../../src/adapters/index.js';
import type { StreamEvent } from '../../../src/framing/index.js';

const info = {
  notice: 'Stopped.',
  hitId: 'h1',
  timeMs: 1_700_000_000_000,
  category: 'abusive',
  direction: 'output',
  blockAs: 'refusal',
} as const;
const ASKED = { stream: true, answers: 1, usage: true, model: 'm' } as const;
const NOTHING = { texts: new Map<string, string>(), fields: new Map<string, string>(), without: new Set<string>() };

const request = {
  model: 'a/zorgblat',
  instructions: 'one',
  previous_response_id: 'resp_1',
  input: [
    { role: 'user', content: 'two' },
    {
      type: 'message',
      role: 'developer',
      content: [
        { type: 'input_text', text: 'three' },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
        { type: 'input_file', filename: 'four', file_data: 'data:text/plain;base64,Zml2ZQ==' },
      ],
    },
    { type: 'function_call', call_id: 'c', name: 'six', arguments: '{"q":"se\\u0076en"}' },
    { type: 'function_call_output', call_id: 'c', output: 'eight' },
    { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'nine' }] },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'ten' }], encrypted_content: 'gAAAAB' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'eleven', annotations: [] }] },
    { type: 'custom_tool_call_output', call_id: 'd', output: 'twelve' },
    { type: 'shell_call', call_id: 'e', action: { commands: ['thirteen'] } },
    { type: 'mcp_call', id: 'm', name: 'fourteen', arguments: '"fifteen"', output: 'sixteen' },
    { type: 'item_reference', id: 'msg_9' },
  ],
  tools: [
    { type: 'function', name: 'seventeen', description: 'eighteen', parameters: { properties: { nineteen: {} } } },
  ],
  text: { format: { type: 'json_schema', name: 'twenty', schema: { properties: { x: { enum: ['twentyone'] } } } } },
  prompt: { id: 'p', variables: { v: 'twentytwo' } },
  stream: true,
};

const answer = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  instructions: 'not again',
  output: [
    { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 'a' }], encrypted_content: 'gAAAAB' },
    {
      type: 'message',
      id: 'msg',
      status: 'completed',
      role: 'assistant',
      content: [
        {
          type: 'output_text',
          text: 'b zorgblat',
          annotations: [{ type: 'url_citation', title: 'c', url: 'https://d' }],
          logprobs: [{ token: 'b' }],
        },
        { type: 'refusal', refusal: 'e' },
      ],
    },
    { type: 'function_call', id: 'fc', call_id: 'x', name: 'f', arguments: '{"g":"h"}', status: 'completed' },
    { type: 'image_generation_call', id: 'ig', status: 'completed', result: 'aGVsbG8=' },
    {
      type: 'file_search_call',
      id: 'fs',
      status: 'completed',
      queries: ['i'],
      results: [{ filename: 'j', text: 'k' }],
    },
  ],
  tools: [{ type: 'function', name: 'not again' }],
  usage: { total_tokens: 3 },
};

function event(value: object): StreamEvent {
  return { event: (value as { type: string }).type, data: JSON.stringify(value) };
}

describe('openaiResponses on whole bodies', () => {
  it('reads every text of a request', () => {
    const texts = openaiResponses.readTexts(request, 'input').map(({ text }) => text);
    const numbers =
      'one two three four five six q seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen';
    expect(texts).toEqual([
      ...numbers.split(' '),
      ...'seventeen eighteen nineteen twenty x twentyone twentytwo'.split(' '),
    ]);
  });

  it('reads a request whose input is one string', () => {
    expect(openaiResponses.readTexts({ model: 'm', input: 'x' }, 'input')).toEqual([{ path: 'input', text: 'x' }]);
  });

  it('reads every text of an answer, and tells what may repeat the request', () => {
    const fields = openaiResponses.readTexts(answer, 'output');
    const echoes = fields.filter(({ path }) => openaiResponses.repeatsRequest?.(path) === true);
    const others = fields.filter((field) => !echoes.includes(field));
    expect(others.map(({ text }) => text)).toEqual('a|b zorgblat|c|e|f|g|h|i|j|k'.split('|'));
    expect(echoes.map(({ path }) => path)).toEqual(['instructions', 'tools[0].name']);
  });

  it('finds nothing in what is no response', () => {
    for (const body of [null, [], 3, { output: 'x' }, { object: 'list', data: [{ text: 'x' }] }]) {
      expect(openaiResponses.readTexts(body, 'output')).toEqual([]);
    }
  });

  it('writes without touching the source, and drops log probabilities of a changed part', () => {
    const before = structuredClone(answer);
    const path = 'output[1].content[0].text';
    const after = openaiResponses.writeTexts(answer, [
      { path, text: 'b #' },
      { path: 'output[2].arguments[1]', text: '#' },
    ]);
    expect(answer).toEqual(before);
    expect(after).toMatchObject({
      output: [{}, { content: [{ text: 'b #', logprobs: [] }, {}] }, { arguments: '{"g":"#"}' }, {}, {}],
    });
    expect(openaiResponses.writeTexts(answer, [])).toEqual(answer);
  });

  it('puts a refusal in place of a blocked answer and keeps its usage', () => {
    const blocked = openaiResponses.blockedOutput(answer, info);
    expect(JSON.stringify(blocked)).not.toContain('zorgblat');
    expect(blocked).toMatchObject({
      id: 'resp_1',
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'Stopped.' }] }],
      usage: { total_tokens: 3 },
      sluice_moderation: { blocked: true, category: 'abusive', hit_id: 'h1' },
    });
  });

  it.each([
    ['by an error', { error: { code: 'content_filter' } }, [{ direction: 'input', field: 'error' }]],
    [
      'by its end',
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      [{ direction: 'output', field: 'output' }],
    ],
    ['not', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, []],
  ])('sees what the backend withheld: %s', (_, body, parts) => {
    expect(openaiResponses.filteredParts(body)).toEqual(parts);
  });

  it.each([
    [{ input: [{ role: 'user', content: 'x' }] }, true],
    [{ input: [{ type: 'function_call_output', call_id: 'c', output: 'x' }] }, true],
    [{ input: 'x', instructions: 'y' }, true],
    [{ input: 'x', model: 'embed' }, false],
    [{ input: ['x', 'y'] }, false],
    [{ input: [{ role: 'user' }], messages: [] }, false],
    [null, false],
  ])('recognizes %j: %s', (body, expected) => {
    expect(openaiResponses.recognizes({ body })).toBe(expected);
  });
});

describe('openaiResponses on streams', () => {
  const at = { item_id: 'i', output_index: 0 };
  const text = { ...at, content_index: 1 };

  it.each<[type: string, value: object, channel: string]>([
    ['response.output_text.delta', text, 'output[0].content[1].text'],
    ['response.refusal.delta', text, 'output[0].content[1].refusal'],
    ['response.reasoning_text.delta', text, 'output[0].content[1].text'],
    ['response.reasoning_summary_text.delta', { ...at, summary_index: 2 }, 'output[0].summary[2].text'],
    ['response.custom_tool_call_input.delta', at, 'output[0].input'],
    ['response.code_interpreter_call_code.delta', at, 'output[0].code'],
    ['response.function_call_arguments.delta', at, 'output[0].arguments.other[0]'],
    ['response.mcp_call_arguments.delta', at, 'output[0].arguments.other[0]'],
    ['response.audio.transcript.delta', {}, 'audio.transcript'],
    ['response.of_tomorrow.delta', text, 'output[0].content[1].of_tomorrow'],
  ])('reads and frames the text of %s', (type, value, channel) => {
    const stream = openaiResponses.openStream(ASKED);
    const received = event({ type, sequence_number: 4, ...value, delta: 'zorg', obfuscation: 'x' });
    expect(stream.read(received).deltas).toEqual([{ channel, text: 'zorg' }]);
    expect(stream.write(NOTHING)).toBe(received);
    const [framed] = stream.frameText(channel, 'blat');
    expect(JSON.parse(framed?.data ?? '')).toMatchObject({ type, ...value, delta: 'blat' });
    expect(framed?.event).toBe(type);
  });

  it('joins pieces of a shape that nobody here knows', () => {
    const stream = openaiResponses.openStream(ASKED);
    const value = { type: 'response.reasoning.delta', ...text, delta: { text: 'zorg' } };
    const [delta] = stream.read(event(value)).deltas;
    expect(delta?.text).toBe('zorg');
    const [framed] = stream.frameText(delta?.channel ?? '', 'blat');
    expect(JSON.parse(framed?.data ?? '')).toEqual({ ...value, delta: { text: 'blat' } });
  });

  it('leaves the pieces of audio alone', () => {
    const audio = event({ type: 'response.audio.delta', sequence_number: 1, delta: 'enVyZ2JsYXQ=' });
    expect(openaiResponses.openStream(ASKED).read(audio)).toMatchObject({ deltas: [], fields: [] });
  });

  it('goes on with the text that a part begins with', () => {
    const stream = openaiResponses.openStream(ASKED);
    const part = { type: 'output_text', text: 'zorg', annotations: [] };
    const channel = 'output[0].content[1].text';
    expect(stream.read(event({ type: 'response.content_part.added', ...text, part })).deltas).toEqual([
      { channel, text: 'zorg' },
    ]);
    expect(stream.read(event({ type: 'response.output_text.delta', ...text, delta: 'blat' })).deltas).toEqual([
      { channel, text: 'blat' },
    ]);
    expect(stream.read(event({ type: 'response.output_text.done', ...text, text: 'zorgblat' })).fields).toEqual([]);
  });

  it('judges a repetition only if it differs, and then once', () => {
    const stream = openaiResponses.openStream(ASKED);
    stream.read(event({ type: 'response.output_text.delta', ...text, delta: 'one' }));
    const done = { type: 'response.output_text.done', ...text, text: 'two' };
    const field = { path: 'output[0].content[1].text', text: 'two', answer: 'output' };
    expect(stream.read(event(done)).fields).toEqual([field]);
    stream.write({ ...NOTHING, fields: new Map([[field.path, '#']]) });
    expect(stream.read(event(done)).fields).toEqual([]);
    expect(JSON.parse(stream.write(NOTHING)?.data ?? '').text).toBe('#');
  });

  it.each([
    ['no JSON', '{"type"'],
    ['no object', '[]'],
    ['an event of another format', '{"choices":[]}'],
  ])('refuses %s', (_, data) => {
    expect(() => openaiResponses.openStream(ASKED).read({ data })).toThrow('An event of the stream');
  });

  it('numbers what leaves without a gap', () => {
    const stream = openaiResponses.openStream(ASKED);
    const numbers: number[] = [];
    const leave = (events: readonly StreamEvent[]): void => {
      for (const each of events) numbers.push(JSON.parse(stream.leave(each).data).sequence_number);
    };
    const deltas = ['a', 'zorg', 'blat', 'b'].map((delta, index) =>
      event({ type: 'response.output_text.delta', sequence_number: index + 5, ...text, delta }),
    );
    for (const [index, delta] of deltas.entries()) {
      stream.read(delta);
      // What is held says nothing yet.
      const held = index === 1 || index === 2 ? new Map([['output[0].content[1].text', '']]) : new Map();
      if (index === 3) leave(stream.frameText('output[0].content[1].text', '#'));
      const rest = stream.write({ ...NOTHING, texts: held });
      leave(rest === undefined ? [] : [rest]);
    }
    leave(stream.frameBlocked('output', info));
    leave(stream.frameEnd());
    expect(numbers).toEqual(numbers.map((_, index) => index + 5));
  });

  it('says the notice as an item of its own where that is wanted', () => {
    const stream = openaiResponses.openStream(ASKED);
    const values = [...stream.frameBlocked('output', { ...info, noticeAsText: true })].map((each) => {
      stream.leave(each);
      return JSON.parse(each.data);
    });
    expect(values.map(({ type }) => type)).toEqual([
      'response.created',
      'response.output_item.added',
      'response.content_part.added',
      'response.refusal.delta',
      'response.refusal.done',
      'response.content_part.done',
      'response.output_item.done',
    ]);
    const [end] = stream.frameEnd();
    expect(JSON.parse(end?.data ?? '').response).toMatchObject({
      status: 'incomplete',
      output: [{ content: [{ type: 'refusal', refusal: 'Stopped.' }] }],
    });
  });

  it('adds a note to the response that ends a stream', () => {
    const stream = openaiResponses.openStream(ASKED);
    const end = event({ type: 'response.completed', response: { id: 'r', output: [] } });
    stream.read(end);
    const noted = stream.annotate(end, { aiGenerated: true });
    expect(JSON.parse(noted.data).response).toEqual({ id: 'r', output: [], ai_generated: true });
  });
});
