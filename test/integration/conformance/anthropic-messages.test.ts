import type { RequestListener } from 'node:http';
import Anthropic, { APIError, BadRequestError } from '@anthropic-ai/sdk';
import {
  answering,
  call,
  citing,
  eventsOf,
  messageOf,
  readMessageWire,
  type StreamedBlock,
  text,
  thinking,
  wireOf,
} from '../../support/anthropic-backend.js';
import { startStream } from '../../support/proxy-fixture.js';
import { createHosts } from './hosts.js';

const PATH = '/v1/messages';
const HOSTS = createHosts();
afterAll(() => Promise.all(HOSTS.map((host) => host.close())));

const ask = (content: string) => ({
  model: 'claude-test',
  max_tokens: 9,
  messages: [{ role: 'user' as const, content }],
});

const count = (content: string) => ({ model: 'claude-test', messages: ask(content).messages });

/** The message as the official client gives it to its user: asked for whole, as raw events, and through the helper. */
const WAYS: [name: string, read: (client: Anthropic, content?: string) => Promise<Anthropic.Message>][] = [
  ['create()', (client, content = 'hi') => client.messages.create(ask(content))],
  ['stream().finalMessage()', (client, content = 'hi') => client.messages.stream(ask(content)).finalMessage()],
];

const clientOf = (url: string): Anthropic => new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 2 });

async function wireFrom(url: string, content = 'hi'): Promise<string> {
  const response = await fetch(`${url}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ ...ask(content), stream: true }),
  });
  return response.text();
}

/** Where a block falls, and what a streaming client has by then. */
const BLOCKED: [name: string, blocks: StreamedBlock[], left: object[]][] = [
  ['at the first token', [text('zorgblat', ' it is')], [{ type: 'text', text: '' }]],
  ['in the middle of a word', [text('well, a zor', 'gblat it is')], [{ type: 'text', text: 'well, a ' }]],
  [
    'inside thinking',
    [thinking('let me zorg', 'blat it'), text('fine')],
    [{ type: 'thinking', thinking: 'let me ', signature: '' }],
  ],
  [
    'in the middle of a tool call',
    [text('ok '), call('{"q":"a zor', 'gblat it"}')],
    [
      { type: 'text', text: 'ok ' },
      { type: 'tool_use', name: 'search' },
    ],
  ],
  ['behind a redaction', [text('quux and zorgb', 'lat it is')], [{ type: 'text', text: '# and ' }]],
  ['at the last token', [text('it is a', ' zorgblat')], [{ type: 'text', text: 'it is a ' }]],
  [
    'in the second block',
    [text('fine '), text('a zorgblat', ' it')],
    [
      { type: 'text', text: 'fine ' },
      { type: 'text', text: 'a ' },
    ],
  ],
  [
    'in a citation',
    [citing(text('as it says '), 'a zorgblat')],
    [{ type: 'text', text: 'as it says ', citations: null }],
  ],
  [
    'in a block that comes whole',
    [text('so '), { start: { type: 'web_search_tool_result', content: [{ title: 'a zorgblat' }] }, deltas: [] }],
    [{ type: 'text', text: 'so ' }],
  ],
];

describe.each(HOSTS.map((host) => [host.name, host.start] as const))(
  'the official client through the %s',
  (_, start) => {
    describe.each(BLOCKED)('a block %s', (_case, blocks, left) => {
      it('reaches a streaming client as a refusal behind the vetted text', async () => {
        const url = await start(answering(blocks));
        const message = await clientOf(url).messages.stream(ask('hi')).finalMessage();
        expect(message).toMatchObject({
          id: 'msg_1',
          content: left,
          stop_reason: 'refusal',
          stop_details: { type: 'refusal', category: 'general_harms' },
          usage: { input_tokens: 7 },
        });
        expect(message.stop_details?.explanation).toMatch(/Reference: \S+\. Leave the refused turn out/);
        expect(JSON.stringify(message)).not.toMatch(/zor|gblat|quux/);
      });

      it('reaches a client of raw events in the order of the format', async () => {
        const url = await start(answering(blocks));
        const types: string[] = [];
        for await (const event of await clientOf(url).messages.create({ ...ask('hi'), stream: true }))
          types.push(event.type);
        const events = readMessageWire(await wireFrom(url));
        expect(types).toEqual(events.map(({ type }) => type).filter((type) => type !== 'ping'));
        expect(events.at(-2)).toMatchObject({
          delta: { stop_reason: 'refusal' },
          moderation: { blocked: true, category: 'abusive' },
        });
        expect(JSON.stringify(events)).not.toMatch(/zor|gblat|quux/);
      });

      it('reaches a client of whole messages as a refusal without any of the text', async () => {
        const url = await start(answering(blocks));
        const message = await clientOf(url).messages.create(ask('hi'));
        expect(message).toMatchObject({
          id: 'msg_1',
          content: [{ type: 'text', text: expect.stringContaining('withheld by the content policy') }],
          stop_reason: 'refusal',
          stop_details: { type: 'refusal' },
          usage: { input_tokens: 7, output_tokens: 9 },
        });
        expect(JSON.stringify(message)).not.toMatch(/zor|gblat|quux/);
      });
    });

    it('never gets what comes after the end', async () => {
      const late = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a zorgblat' } };
      const url = await start(answering([text('all is well. ')], [late]));
      const events = readMessageWire(await wireFrom(url));
      expect(events).toEqual(eventsOf([text('all is well. ')]));
      expect(await clientOf(url).messages.stream(ask('hi')).finalText()).toBe('all is well. ');
    });

    describe.each(WAYS)('with %s', (_way, read) => {
      it('gets a harmless message as it is', async () => {
        const blocks = [thinking('hm, ', 'so'), citing(text('well', ' then'), 'a book'), call('{"q":', ' "a\\nb"}')];
        const message = await read(clientOf(await start(answering(blocks))));
        expect(message).toMatchObject({
          content: [
            { type: 'thinking', thinking: 'hm, so', signature: 'c2ln' },
            { type: 'text', text: 'well then', citations: [{ cited_text: 'a book' }] },
            { type: 'tool_use', id: 'toolu_1', input: { q: 'a\nb' } },
          ],
          stop_reason: 'tool_use',
          usage: { input_tokens: 7, output_tokens: 9 },
        });
      });

      it('gets the same redactions', async () => {
        const blocks = [
          thinking('a qu', 'ux', ' quux'),
          citing(text('quux, a q', 'uux'), 'the quux'),
          call('{"q":"qu', 'ux \\u0071u', 'ux\\nquux","quux":', '1}'),
        ];
        const message = await read(clientOf(await start(answering(blocks))));
        expect(message).toMatchObject({
          content: [
            // The signature stays: clients need one, and only the backend can tell that it is over another text.
            { type: 'thinking', thinking: 'a # #', signature: 'c2ln' },
            { type: 'text', text: '#, a #', citations: [{ cited_text: 'the #' }] },
            { type: 'tool_use', input: { q: '# #\n#', '#': 1 } },
          ],
          stop_reason: 'tool_use',
        });
      });
    });

    it.each([
      ['whole', (client: Anthropic) => client.messages.create(ask('a zorgblat'))],
      ['as a stream', (client: Anthropic) => client.messages.create({ ...ask('a zorgblat'), stream: true })],
      ['through the helper', (client: Anthropic) => client.messages.stream(ask('a zorgblat')).finalMessage()],
      ['in the system text', (client: Anthropic) => client.messages.create({ ...ask('hi'), system: 'a zorgblat' })],
      ['in a count of tokens', (client: Anthropic) => client.messages.countTokens(count('a zorgblat'))],
      [
        'in a batch',
        (client: Anthropic) =>
          client.messages.batches.create({ requests: [{ custom_id: 'c', params: ask('a zorgblat') }] }),
      ],
    ])('gets one error for a blocked request, %s', async (_case, read) => {
      let calls = 0;
      const url = await start(() => {
        calls += 1;
      });
      const error = await Promise.resolve(read(clientOf(url))).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({
        type: 'invalid_request_error',
        errorCode: 'content_filter',
        apiMessage: expect.stringMatching(/withheld by the content policy.*remove the message/),
        requestID: expect.any(String),
      });
      expect(String(error)).not.toContain('zorgblat');
      expect(calls).toBe(0);
    });

    describe('where the policy refuses requests', () => {
      const REFUSES = { blockAs: { input: 'refusal' } } as const;

      it.each(WAYS)('gets a message that says so and no error, with %s', async (_way, read) => {
        let calls = 0;
        const url = await start(() => {
          calls += 1;
        }, REFUSES);
        const message = await read(clientOf(url), 'a zorgblat');
        expect(message).toMatchObject({
          type: 'message',
          role: 'assistant',
          model: 'claude-test',
          content: [{ type: 'text', text: expect.stringContaining('withheld by the content policy') }],
          stop_reason: 'refusal',
          stop_details: { type: 'refusal', explanation: expect.stringContaining('remove the message') },
          usage: { input_tokens: 0, output_tokens: 0 },
        });
        expect(calls).toBe(0);
      });

      it('gets a whole stream where it asks for one', async () => {
        const events = readMessageWire(await wireFrom(await start(answering([]), REFUSES), 'a zorgblat'));
        expect(events.map(({ type }) => type)).toEqual([
          'message_start',
          'content_block_start',
          'content_block_delta',
          'content_block_stop',
          'message_delta',
          'message_stop',
        ]);
      });

      it('gets an error for a count of tokens, which has no form of refusal', async () => {
        const url = await start(answering([]), REFUSES);
        await expect(clientOf(url).messages.countTokens(count('a zorgblat'))).rejects.toBeInstanceOf(BadRequestError);
      });
    });

    it.each([
      ['whole', (client: Anthropic) => client.messages.create(ask('hi'))],
      ['as a stream', (client: Anthropic) => client.messages.stream(ask('hi')).finalMessage()],
    ])('gets an error for a blocked answer where the policy says so, %s', async (_case, read) => {
      const url = await start(answering([text('well, a zorgblat it')]), { blockAs: { output: 'error' } });
      const error = await read(clientOf(url)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ type: 'invalid_request_error', errorCode: 'content_filter' });
      expect(String(error)).not.toContain('zorgblat');
    });

    it('gets the notice as a block of its own where the policy says so', async () => {
      const url = await start(answering([text('well, a zorgblat it')]), { noticeAsText: true });
      readMessageWire(await wireFrom(url));
      const message = await clientOf(url).messages.stream(ask('hi')).finalMessage();
      expect(message).toMatchObject({
        content: [{ text: 'well, a ' }, { type: 'text', text: expect.stringContaining('Reference: ') }],
        stop_reason: 'refusal',
      });
    });

    it('gets the notice in the language of the conversation', async () => {
      const url = await start(answering([text('a zorgblat it')]));
      const message = await clientOf(url).messages.stream(ask('请给我讲一个故事')).finalMessage();
      expect(message.stop_details?.explanation).toMatch(
        /^该回复因内容政策未予显示。.*请从下一次请求中去掉这一轮对话。$/,
      );
    });

    it('gets the label of generated answers at the end of a message', async () => {
      const url = await start(answering([text('fine')]), { aiLabel: { field: true } });
      const labeled = readMessageWire(await wireFrom(url)).filter((event) => event['ai_generated'] === true);
      expect(labeled.map(({ type }) => type)).toEqual(['message_delta']);
      expect(await clientOf(url).messages.create(ask('hi'))).toMatchObject({ ai_generated: true });
    });

    const resultsOf = async (texts: readonly string[][], policy?: object) => {
      const results = texts.map((said, index) => {
        const message = messageOf(said.map((each) => text(each)));
        return { custom_id: `c${index}`, result: { type: 'succeeded', message } };
      });
      let url = '';
      const backend: RequestListener = (req, res) => {
        const fetches = req.url?.endsWith('/results') === true;
        const batch = { id: 'b1', type: 'message_batch', results_url: `${url}/v1/messages/batches/b1/results` };
        res.writeHead(200, { 'content-type': fetches ? 'application/x-jsonl' : 'application/json' });
        res.end(fetches ? results.map((result) => `${JSON.stringify(result)}\n`).join('') : JSON.stringify(batch));
      };
      url = await start(backend, policy);
      const seen = [];
      for await (const { custom_id: id, result } of await clientOf(url).messages.batches.results('b1')) {
        seen.push([id, result.type === 'succeeded' ? result.message : result]);
      }
      return seen;
    };

    it('gets the results of a batch with every text screened, blocked ones as refusals, and none lost', async () => {
      const seen = await resultsOf([['a quux'], ['a zorgblat'], ['a zorgblat'], ['a zor', 'gblat b'], ['fine']]);
      const refused = {
        stop_reason: 'refusal',
        stop_details: { type: 'refusal', explanation: expect.stringContaining('withheld by the content policy') },
        content: [{ type: 'text', text: expect.stringContaining('withheld by the content policy') }],
      };
      expect(seen).toMatchObject([
        ['c0', { content: [{ text: 'a #' }], stop_reason: 'end_turn' }],
        ['c1', refused],
        ['c2', refused],
        ['c3', refused],
        ['c4', { content: [{ text: 'fine' }], stop_reason: 'end_turn' }],
      ]);
      expect(JSON.stringify(seen)).not.toMatch(/zorgblat|gblat/);
    });

    it('gets blocked results of a batch as errors where blocks are told so, and the others all the same', async () => {
      const seen = await resultsOf([['a zorgblat'], ['fine']], { blockAs: { output: 'error' } });
      expect(seen).toMatchObject([
        ['c0', { type: 'errored', error: { type: 'error', error: { type: 'invalid_request_error' } } }],
        ['c1', { content: [{ text: 'fine' }] }],
      ]);
    });

    it('is told which request of a batch is blocked, and none for what two of them say together', async () => {
      let calls = 0;
      const url = await start((_req, res) => {
        calls += 1;
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end('{"id":"b1","type":"message_batch"}');
      });
      const send = (...texts: string[]) =>
        clientOf(url).messages.batches.create({
          requests: texts.map((said, index) => ({ custom_id: `c${index}`, params: ask(said) })),
        });
      await expect(send('fine', 'a zorgblat')).rejects.toMatchObject({
        error: { error: { moderation: { request: 'requests[1]' } } },
      });
      expect(await send('a zor', 'gblat b')).toMatchObject({ id: 'b1' });
      expect(calls).toBe(1);
    });

    it('sends redacted thinking on with its signature, in its place', async () => {
      let seen: { messages?: unknown } = {};
      const url = await start(async (req, res) => {
        const chunks: Buffer[] = [];
        for await (const chunk of req) chunks.push(chunk as Buffer);
        seen = JSON.parse(Buffer.concat(chunks).toString());
        res.setHeader('content-type', 'application/json');
        res.end('{"input_tokens":3}');
      });
      const content = [
        { type: 'thinking' as const, thinking: 'a quux', signature: 'c2ln' },
        { type: 'tool_use' as const, id: 't', name: 'f', input: { q: 'quux' } },
      ];
      const counted = await clientOf(url).messages.countTokens({
        model: 'claude-test',
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'a quux' }] },
        ],
      });
      expect(counted.input_tokens).toBe(3);
      expect(seen.messages).toEqual([
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { ...content[0], thinking: 'a #' },
            { ...content[1], input: { q: '#' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'a #' }] },
      ]);
    });

    it('gets an error of the backend as such, with its text screened', async () => {
      const body = {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'bad: quux' },
        request_id: 'req_1',
      };
      const url = await start((_req, res) => {
        res.writeHead(400, { 'content-type': 'application/json', 'request-id': 'req_1' });
        res.end(JSON.stringify(body));
      });
      const error = await clientOf(url)
        .messages.create(ask('hi'))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ apiMessage: 'bad: #', requestID: 'req_1' });
    });

    it('gets an error in a stream as an error, behind the text before it', async () => {
      const failure = { type: 'error', error: { type: 'overloaded_error', message: 'a quux' } };
      const url = await start((_req, res) => {
        startStream(res)(wireOf([...eventsOf([text('well')]).slice(0, 4), failure]));
        res.end();
      });
      const pieces: string[] = [];
      const read = async (): Promise<void> => {
        for await (const event of await clientOf(url).messages.create({ ...ask('hi'), stream: true })) {
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') pieces.push(event.delta.text);
        }
      };
      const error = await read().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ type: 'overloaded_error', apiMessage: 'a #' });
      expect(pieces.join('')).toBe('well');
    });

    it('gets an error and no end when a stream breaks', async () => {
      const url = await start((_req, res) => {
        startStream(res)(`${wireOf(eventsOf([text('well')]).slice(0, 4))}event: x\ndata: {oops\n\n`);
        res.end();
      });
      const read = clientOf(url).messages.stream(ask('hi')).finalMessage();
      await expect(read).rejects.toMatchObject({ type: 'api_error' });
    });

    it('gets the very bytes of a stream in which nothing is found', async () => {
      const wire = `: hello\n\n${wireOf(eventsOf([text('all ', 'is ', 'well. ')]))}`;
      const url = await start((_req, res) => {
        startStream(res)(wire);
        res.end();
      });
      expect(await wireFrom(url)).toBe(wire);
    });

    it.each([['/anthropic/v1/messages'], ['/v1/messages?beta=true'], ['/V1//messages/'], ['/proxy/anything']])(
      'is screened on %s',
      async (path) => {
        const url = await start(answering([text('a zorgblat it')]));
        const response = await fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...ask('hi'), system: 'be kind' }),
        });
        expect(await response.json()).toMatchObject({ type: 'message', stop_reason: 'refusal' });
      },
    );
  },
);
