import fc from 'fast-check';
import { anthropicMessages } from '../../../src/adapters/index.js';

const request = {
  model: 'claude',
  max_tokens: 5,
  system: [{ type: 'text', text: 'one', cache_control: { type: 'ephemeral', ttl: '5m' } }],
  metadata: { user_id: 'u-1' },
  messages: [
    { role: 'user', content: 'two' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'three', citations: [{ type: 'char_location', cited_text: 'four', document_index: 0 }] },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgoAAAANSUhEUg==' } },
        {
          type: 'document',
          title: 'five',
          context: 'six',
          source: { type: 'text', media_type: 'text/plain', data: 'seven' },
        },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'eight' }] } },
        { type: 'document', source: { type: 'url', url: 'https://x.example/a.pdf' } },
        { type: 'search_result', source: 'nine', title: 'ten', content: [{ type: 'text', text: 'eleven' }] },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'twelve', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'ZGF0YQ==' },
        { type: 'tool_use', id: 't1', name: 'thirteen', input: { q: 'fourteen', 'a key': ['x\ny'] } },
        { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'fifteen' } },
        {
          type: 'web_search_tool_result',
          tool_use_id: 's1',
          content: [
            { type: 'web_search_result', title: 'sixteen', url: 'https://x.example', encrypted_content: 'ZQ==' },
          ],
        },
        {
          type: 'code_execution_tool_result',
          tool_use_id: 's2',
          content: { type: 'code_execution_result', stdout: 'seventeen', stderr: '', return_code: 0, content: [] },
        },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't1', content: 'eighteen' },
        { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'nineteen' }], is_error: true },
      ],
    },
  ],
  tools: [
    {
      name: 'twenty',
      description: 'twenty-one',
      input_schema: {
        type: 'object',
        properties: { 'a b': { type: 'string', description: 'twenty-two', enum: ['twenty-three'] } },
      },
    },
  ],
  stop_sequences: ['twenty-four'],
};

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [
    { type: 'thinking', thinking: 'a', signature: 'c2ln' },
    { type: 'text', text: 'a zorgblat', citations: [{ type: 'char_location', cited_text: 'b', document_title: 'c' }] },
    { type: 'tool_use', id: 't1', name: 'd', input: { q: 'e zorgblat' } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 4, service_tier: 'standard' },
};

const info = {
  notice: 'Stopped.',
  hitId: 'h1',
  timeMs: 1_700_000_000_000,
  category: 'abusive',
  direction: 'input',
  blockAs: 'error',
} as const;
const asked = { stream: false, answers: 1, usage: true, model: 'claude' };

describe('anthropicMessages on whole bodies', () => {
  it('reads every text of a request', () => {
    const fields = Object.fromEntries(
      anthropicMessages.readTexts(request, 'input').map(({ path, text }) => [path, text]),
    );
    expect(fields).toEqual({
      'system[0].text': 'one',
      'messages[0].content': 'two',
      'messages[1].content[0].text': 'three',
      'messages[1].content[0].citations[0].cited_text': 'four',
      'messages[1].content[2].title': 'five',
      'messages[1].content[2].context': 'six',
      'messages[1].content[2].source.data': 'seven',
      'messages[1].content[3].source.content[0].text': 'eight',
      'messages[1].content[5].source': 'nine',
      'messages[1].content[5].title': 'ten',
      'messages[1].content[5].content[0].text': 'eleven',
      'messages[2].content[0].thinking': 'twelve',
      'messages[2].content[2].name': 'thirteen',
      'messages[2].content[2].input[0]': 'q',
      'messages[2].content[2].input[1]': 'fourteen',
      'messages[2].content[2].input[2]': 'a key',
      'messages[2].content[2].input[3]': 'x\ny',
      'messages[2].content[3].name': 'web_search',
      'messages[2].content[3].input[0]': 'query',
      'messages[2].content[3].input[1]': 'fifteen',
      'messages[2].content[4].content[0].title': 'sixteen',
      'messages[2].content[5].content.stdout': 'seventeen',
      'messages[2].content[5].content.stderr': '',
      'messages[3].content[0].content': 'eighteen',
      'messages[3].content[1].content[0].text': 'nineteen',
      'tools[0].name': 'twenty',
      'tools[0].description': 'twenty-one',
      'tools[0].input_schema.properties.names[0]': 'a b',
      'tools[0].input_schema.properties[0].description': 'twenty-two',
      'tools[0].input_schema.properties[0].enum[0]': 'twenty-three',
      'stop_sequences[0]': 'twenty-four',
    });
  });

  it('names the role of a text', () => {
    const roles = anthropicMessages.readTexts(request, 'input').map(({ path, role }) => [path, role]);
    expect(Object.fromEntries(roles)).toMatchObject({
      'system[0].text': 'system',
      'messages[0].content': 'user',
      'messages[2].content[0].thinking': 'assistant',
      'messages[2].content[2].input[1]': 'assistant',
      'messages[3].content[1].content[0].text': 'user',
    });
  });

  it('reads every text of an answer', () => {
    expect(anthropicMessages.readTexts(message, 'output').map(({ path, text }) => [path, text])).toEqual([
      ['content[0].thinking', 'a'],
      ['content[1].text', 'a zorgblat'],
      ['content[1].citations[0].cited_text', 'b'],
      ['content[1].citations[0].document_title', 'c'],
      ['content[2].name', 'd'],
      ['content[2].input[0]', 'q'],
      ['content[2].input[1]', 'e zorgblat'],
    ]);
  });

  it.each<[string, object, string]>([
    ['a key that nobody here knows', { messages: [{ 'the text': 'a zorgblat' }] }, 'messages[0]["the text"]'],
    ['a role that is a sentence', { messages: [{ role: 'a zorgblat' }] }, 'messages[0].role'],
    ['a word in another script', { metadata: { user_id: '坏zorgblat' } }, 'metadata.user_id'],
    ['a batch', { requests: [{ custom_id: 'c', params: { system: 'a zorgblat' } }] }, 'requests[0].params.system'],
    ['bytes that are none', { source: { type: 'base64', media_type: 'x/y', data: 'a zorgblat' } }, 'source.data'],
    [
      'a text in base64',
      { source: { type: 'base64', media_type: 'text/plain', data: Buffer.from('a zorgblat').toString('base64') } },
      'source.data',
    ],
    ['a text that is one word', { source: { type: 'text', data: 'zorgblat' } }, 'source.data'],
    ['a text in a URL', { source: { type: 'url', url: 'data:text/plain,a%20zorgblat' } }, 'source.url'],
    [
      'the key of a tool input',
      { messages: [{ content: [{ type: 'tool_use', input: { 'a zorgblat': 1 } }] }] },
      'messages[0].content[0].input[0]',
    ],
  ])('reads and writes what a backend may read: %s', (_, body, path) => {
    const field = anthropicMessages.readTexts(body, 'input').find((each) => each.path === path);
    expect(field?.text).toContain('zorgblat');
    const text = field?.text.replace('zorgblat', '#') ?? '';
    const written = anthropicMessages.writeTexts(body, [{ path, text }]);
    expect(JSON.stringify(written)).not.toContain('zorgblat');
    expect(anthropicMessages.readTexts(written, 'input').find((each) => each.path === path)?.text).toBe(text);
  });

  it.each([
    ['no object', null],
    ['a list', []],
    ['another shape', { choices: [{ message: { content: 4 } }] }],
    ['usage and references', { usage: { service_tier: 'standard' }, id: 'zorgblat', model: 'zorgblat', content: [] }],
  ])('finds nothing in %s', (_, body) => {
    expect(anthropicMessages.readTexts(body, 'input')).toEqual([]);
    expect(anthropicMessages.readTexts(body, 'output')).toEqual([]);
  });

  it('writes without touching the source, and keeps thinking and its signature in place', () => {
    const before = structuredClone(message);
    const after = anthropicMessages.writeTexts(message, [
      { path: 'content[0].thinking', text: '#' },
      { path: 'content[2].input[1]', text: 'e #' },
    ]);
    expect(message).toEqual(before);
    expect(after).toMatchObject({
      content: [
        { thinking: '#', signature: 'c2ln' },
        { text: 'a zorgblat' },
        { id: 't1', name: 'd', input: { q: 'e #' } },
      ],
    });
  });

  it('keeps the shape of the input of a tool whatever its keys and strings become', () => {
    const input = { a: ['b', { c: 1 }], d: null, e: 'f' };
    const body = { content: [{ type: 'tool_use', id: 't', name: 'n', input }] };
    const edits = ['content[0].input[0]', 'content[0].input[2]', 'content[0].input[5]'].map((path, index) => ({
      path,
      text: `"${index}`,
    }));
    expect(anthropicMessages.writeTexts(body, edits)).toEqual({
      content: [{ type: 'tool_use', id: 't', name: 'n', input: { '"0': ['b', { '"1': 1 }], d: null, e: '"2' } }],
    });
  });

  it('changes nothing without edits, and finds each path once', () => {
    const text = fc.string();
    const block = fc.oneof(
      fc.record({ type: fc.constant('text'), text }),
      fc.record({ type: fc.constant('tool_use'), name: text, input: fc.jsonValue() }),
      fc.record({ type: fc.constant('tool_result'), content: fc.jsonValue() }),
    );
    const content = fc.oneof(text, fc.array(block), fc.jsonValue());
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record({ system: content, messages: fc.array(fc.record({ role: text, content })), tools: fc.jsonValue() }),
      fc.record({ type: fc.constant('message'), content }),
    );
    fc.assert(
      fc.property(body, (value) => {
        for (const direction of ['input', 'output'] as const) {
          const fields = anthropicMessages.readTexts(value, direction);
          expect(new Set(fields.map(({ path }) => path)).size).toBe(fields.length);
          const same = fields.map(({ path, text: own }) => ({ path, text: own }));
          expect(JSON.parse(JSON.stringify(anthropicMessages.writeTexts(value, same)))).toEqual(
            JSON.parse(JSON.stringify(value)),
          );
        }
      }),
    );
  });

  it('puts a notice in place of a blocked answer and keeps its usage', () => {
    const blocked = anthropicMessages.blockedOutput(message, { ...info, direction: 'output', blockAs: 'refusal' });
    expect(JSON.stringify(blocked)).not.toContain('zorgblat');
    expect(blocked).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [{ type: 'text', text: 'Stopped.', citations: null }],
      stop_reason: 'refusal',
      stop_sequence: null,
      stop_details: {
        type: 'refusal',
        category: 'general_harms',
        explanation: 'Stopped. Leave the refused turn out of the next request.',
      },
      usage: message.usage,
      moderation: { blocked: true, category: 'abusive', hit_id: 'h1' },
    });
  });

  it('repeats no name of a blocked answer that is a sentence', () => {
    const blocked = anthropicMessages.blockedOutput({ ...message, id: 'a zorgblat', model: 'zorg blat' }, info);
    expect(blocked).toMatchObject({ id: 'msg_h1', model: 'unknown', usage: message.usage });
  });

  it('answers a blocked request with an error that clients do not try again', () => {
    expect(anthropicMessages.blockedReply(info, asked)).toMatchObject({
      status: 400,
      headers: { 'x-should-retry': 'false', 'request-id': 'h1' },
      content: {
        body: {
          type: 'error',
          error: {
            type: 'invalid_request_error',
            details: { error_code: 'content_filter' },
            moderation: { category: 'abusive' },
          },
          request_id: 'h1',
        },
      },
    });
  });

  it.each([
    ['a message', { max_tokens: 9 }, 200],
    ['a count of tokens', {}, 400],
    ['a batch', { requests: [] }, 400],
  ])('answers a blocked request for %s as it can be told', (_, body, status) => {
    const reply = anthropicMessages.blockedReply({ ...info, blockAs: 'refusal' }, anthropicMessages.readAsked(body));
    expect(reply.status).toBe(status);
  });

  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [413, 'request_too_large'],
    [502, 'api_error'],
    [503, 'overloaded_error'],
  ])('names the error of status %i %s', (status, type) => {
    const body = anthropicMessages.errorBody({ status, type: 'x', code: 'c', message: 'm' });
    expect(body).toEqual({
      type: 'error',
      error: { type, message: 'm', details: { error_code: 'c' } },
      request_id: null,
    });
  });

  it.each<[string, object, boolean]>([
    ['a top-level system', { system: 's', messages: [] }, true],
    ['a version of its own', { anthropic_version: 'vertex-2023-10-16', messages: [] }, true],
    ['a tool with its schema', { messages: [], tools: [{ name: 'f', input_schema: {} }] }, true],
    ['a tool result', { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't' }] }] }, true],
    ['an image with its source', { messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] }, true],
    ['a plain chat', { messages: [{ role: 'user', content: 'hi' }], thinking: { type: 'enabled' } }, false],
    [
      'a chat with thinking parts',
      { messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: [] }] }] },
      false,
    ],
    ['no messages', { system: 's', prompt: 'p' }, false],
  ])('tells by shape: %s', (_, body, expected) => {
    expect(anthropicMessages.recognizes({ body })).toBe(expected);
  });
});
