import { openaiChat } from '../../../src/adapters/index.js';
import { openaiCompletions } from '../../../src/adapters/openai-completions.js';
import { DONE, frame, readWire } from '../../support/proxy-fixture.js';
import { openScreened } from '../../support/screened-stream.js';

/** A chunk with this delta of one choice. */
function delta(fields: object, { index = 0, finish = null as string | null, choice = {}, chunk = {} } = {}): string {
  const choices = [{ index, delta: fields, finish_reason: finish, ...choice }];
  return frame(undefined, { extra: { choices, ...chunk } });
}

const STOP = delta({}, { finish: 'stop' });

function screened(...wires: string[]) {
  const { push, stream, entries } = openScreened(openaiChat);
  const wire = push(...wires) + stream.end();
  return { wire, entries, ...readWire(wire) };
}

/** What a client puts together of one key of the deltas. */
function joined(chunks: readonly { choices: { delta: Record<string, unknown> }[] }[], key: string): string {
  return chunks.flatMap(({ choices }) => choices.map((choice) => choice.delta[key] ?? '')).join('');
}

const call = (fields: object, head: object = {}) => ({ tool_calls: [{ index: 0, ...head, function: fields }] });

describe('what stands in the deltas of a chat', () => {
  it.each(['reasoning', 'reasoning_content', 'refusal', 'reasoning_of_tomorrow'])(
    'a run of text under %s is held and stopped',
    (key) => {
      const { wire, chunks, finish, entries } = screened(
        delta({ [key]: 'a gru' }),
        delta({ [key]: 'mpf b' }),
        STOP,
        DONE,
      );
      expect(wire).not.toMatch(/gru|mpf/);
      expect([joined(chunks, key), finish()]).toEqual(['a ', ['content_filter']]);
      expect(entries).toMatchObject([{ field: `choices[0].${key}`, applied: 'block' }]);
    },
  );

  it('the details of reasoning are one run, texts and summaries, and what is encrypted passes', () => {
    const details = (...list: object[]) => delta({ reasoning_details: list });
    const { chunks, wire } = screened(
      details({ type: 'reasoning.text', text: 'one qu', index: 0 }),
      details({ type: 'reasoning.summary', summary: 'ux two', index: 0 }),
      details({ type: 'reasoning.encrypted', data: 'Z3J1bXBm', index: 1 }),
      STOP,
      DONE,
    );
    const texts = chunks.flatMap(({ choices }) => choices[0]?.delta.reasoning_details ?? []);
    expect(texts.map(({ text = '', summary = '' }) => text + summary).join('')).toBe('one # two');
    expect(wire).toContain('"data":"Z3J1bXBm"');
  });

  it('the name of a call is judged, and no frame of its arguments tells it', () => {
    const blocked = screened(delta(call({ name: 'a grumpf', arguments: '{"a":"b' }, { id: 't1' })), STOP, DONE);
    expect(blocked.wire).not.toContain('grumpf');
    expect([blocked.finish(), joined(blocked.chunks, 'tool_calls')]).toEqual([['content_filter'], '']);
    const redacted = screened(
      delta(call({ name: 'a quux', arguments: '{"a":"b gru' }, { id: 't1' })),
      delta(call({ arguments: 'mpf ' })),
      STOP,
      DONE,
    );
    expect(redacted.wire).not.toMatch(/quux|gru/);
    expect(redacted.wire).toContain('"name":"a #"');
  });

  it('a redacted name does not come back with a frame of a later repetition', () => {
    const named = (args: string) => delta(call({ name: 'a quux', arguments: args }, { id: 't1' }));
    const { wire, finish } = screened(named('{"a":"b '), named('grumpf c'), STOP, DONE);
    expect(wire).not.toContain('quux');
    expect(finish()).toEqual(['content_filter']);
  });

  it('arguments stay JSON whatever is taken out, keys included', () => {
    const pieces = ['{"quu', 'x": ["a qu', 'ux \\u00', '71uux", 1.50, "zorg', 'blat"]}'];
    const { chunks } = screened(...pieces.map((args) => delta(call({ arguments: args }))), STOP, DONE);
    const args = chunks
      .flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
      .map((each) => each.function.arguments);
    expect(JSON.parse(args.join(''))).toEqual({ '#': ['a # #', 1.5, '#'] });
  });

  it('the input of a custom tool is a run of its own', () => {
    const custom = (input: string) => delta({ tool_calls: [{ index: 0, custom: { input } }] });
    const { wire, finish, entries } = screened(custom('echo gru'), custom('mpf x'), STOP, DONE);
    expect(wire).not.toContain('gru');
    expect(finish()).toEqual(['content_filter']);
    expect(entries[0]?.field).toBe('choices[0].custom_tool_calls[0]');
  });

  it.each<[name: string, wire: string]>([
    ['an annotation', delta({ annotations: [{ type: 'url_citation', url_citation: { title: 'a grumpf' } }] })],
    ['a nested key that nobody knows', delta({ provider: { said: ['a grumpf'] } })],
    ['the choice beside the delta', delta({}, { choice: { message: { content: 'a grumpf' } } })],
  ])('%s stands alone and stops its answer', (_, wire) => {
    const { wire: out, finish } = screened(delta({ content: 'fine ' }), wire, delta({ content: 'more' }), STOP, DONE);
    expect(out).not.toContain('grumpf');
    expect(finish()).toEqual(['content_filter']);
  });

  it('what stands beside the choices is replaced, and judged once however often it comes', () => {
    const chunk = { citations: ['https://a', 'a quux'], search_results: [{ title: 'a grumpf' }] };
    const { wire, entries, text } = screened(
      delta({ content: 'a ' }, { chunk }),
      delta({ content: 'b' }, { chunk }),
      STOP,
      DONE,
    );
    expect(wire).not.toMatch(/quux|grumpf/);
    expect(text()).toBe('a b');
    expect(entries.map(({ field }) => field)).toEqual(['citations[1]', 'search_results[0].title']);
  });

  it('ids, models and the verdicts of Azure are no texts', () => {
    const chunk = {
      id: 'grumpf',
      model: 'grumpf',
      prompt_filter_results: [{ hate: { filtered: false, severity: 'safe' } }],
    };
    const { text, finish } = screened(delta({ role: 'assistant', content: 'fine' }, { chunk }), STOP, DONE);
    expect([text(), finish()]).toEqual(['fine', ['stop']]);
  });

  it('two choices in one chunk are read apart', () => {
    const both = (left: string, right: string): string =>
      frame(undefined, {
        extra: {
          choices: [left, right].map((reasoning, index) => ({ index, delta: { reasoning }, finish_reason: null })),
        },
      });
    const { push } = openScreened(openaiChat, { asked: { stream: true, answers: 2, usage: false } });
    const { chunks, finish } = readWire(push(both('a gru', 'b gru'), both('mpf c', 'nt d')));
    const of = (index: number) =>
      chunks.flatMap(({ choices }) => choices.filter((choice: { index: number }) => choice.index === index));
    expect(
      of(1)
        .map((choice) => choice.delta.reasoning ?? '')
        .join(''),
    ).toBe('b grunt d');
    expect(
      of(0)
        .map((choice) => choice.delta.reasoning ?? '')
        .join(''),
    ).toBe('a ');
    expect([finish(0), finish(1)]).toEqual([['content_filter'], []]);
  });
});

describe('tokens beside the text of a chat', () => {
  const logprobs = (...tokens: string[]) => ({ logprobs: { content: tokens.map((token) => ({ token, bytes: [1] })) } });
  const said = (content: string | undefined, ...tokens: string[]) =>
    delta(content === undefined ? {} : { content }, { choice: logprobs(...tokens) });

  it('tell nothing of what is held, redacted or stopped', () => {
    const { wire, finish } = screened(
      said('one ', 'one '),
      said('gru', 'gru'),
      said('mpf it', 'mpf', ' it'),
      STOP,
      DONE,
    );
    expect(wire).toContain('"token":"one "');
    expect(wire).not.toMatch(/gru|mpf/);
    expect(finish()).toEqual(['content_filter']);
  });

  it('tell nothing of what is held when they come in a chunk of their own', () => {
    const { wire } = screened(said('a gru'), said(undefined, 'gru'), said('mpf it'), STOP, DONE);
    expect(wire).not.toContain('gru');
  });

  it.each(['token_ids', 'tokens'])('go under the name %s too', (key) => {
    const { wire } = screened(delta({ content: 'a quux b' }, { choice: { [key]: [1, 2] } }), STOP, DONE);
    expect(wire).not.toContain('[1,2]');
  });

  it('stay beside text that leaves as it came', () => {
    const { wire } = screened(said('one ', 'one '), said('two ', 'two '), STOP, DONE);
    expect(wire).toContain('"token":"two "');
  });

  it('go from a whole answer with the text', () => {
    const choice = {
      index: 0,
      message: { role: 'assistant', content: 'a quux' },
      logprobs: { content: [{ token: 'quux' }] },
    };
    const written = openaiChat.writeTexts({ choices: [choice] }, [{ path: 'choices[0].message.content', text: 'a #' }]);
    expect(JSON.stringify(written)).not.toContain('quux');
  });

  it('go from a legacy completion as well, whose tokens are a list', () => {
    const { push, stream } = openScreened(openaiCompletions);
    const chunk = (text: string, tokens: string[]) =>
      `data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, text, logprobs: { tokens }, finish_reason: null }] })}\n\n`;
    expect(push(chunk('a gru', ['a', ' gru']), chunk('mpf it', ['mpf'])) + stream.end()).not.toMatch(/gru|mpf/);
  });
});

describe('requests of chat', () => {
  it.each<[name: string, body: object, path: string, text: string]>([
    ['a predicted output', { prediction: { type: 'content', content: 'a quux' } }, 'prediction.content', 'a quux'],
    [
      'a predicted output in parts',
      { prediction: { type: 'content', content: [{ type: 'text', text: 'a quux' }] } },
      'prediction.content[0].text',
      'a quux',
    ],
    [
      'the schema of a structured output: its names',
      {
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { properties: { 'a quux': {} } } } },
      },
      'response_format.json_schema.schema.properties.names[0]',
      'a quux',
    ],
    [
      'a parameter of a tool: its name',
      {
        tools: [
          { type: 'function', function: { name: 'f', parameters: { properties: { quux: { type: 'string' } } } } },
        ],
      },
      'tools[0].function.parameters.properties.names[0]',
      'quux',
    ],
    [
      'an earlier call, in escapes',
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{"q":"\\u0071uux"}' } }] }] },
      'messages[0].tool_calls[0].function.arguments[1]',
      'quux',
    ],
    [
      'a result of a tool that is JSON, in escapes',
      { messages: [{ role: 'tool', content: '{"q":"\\u0071uux"}' }] },
      'messages[0].content',
      '{"q":"quux"}',
    ],
    [
      'a file in a data URL',
      {
        messages: [
          { role: 'user', content: [{ type: 'file', file: { file_data: 'data:text/plain;base64,cXV1eA==' } }] },
        ],
      },
      'messages[0].content[0].file.file_data',
      'quux',
    ],
  ])('%s is text', (_, body, path, text) => {
    expect(openaiChat.readTexts(body, 'input')).toContainEqual(expect.objectContaining({ path, text }));
    const written = openaiChat.writeTexts(body, [{ path, text: text.replace('quux', '#') }]);
    expect(JSON.stringify(openaiChat.readTexts(written, 'input').map((field) => field.text))).not.toContain('quux');
  });
});
