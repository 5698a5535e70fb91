import { ProxyFixture, sendJson, startStream } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const part = (text: string) => ({ type: 'output_text', text, annotations: [] });
const message = (text: string) => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [part(text)],
});
const response = (text: string) => ({ id: 'resp_1', object: 'response', status: 'completed', output: [message(text)] });

/** A proxy in front of a backend that stores responses which say this. */
async function storing(text: string, config: object = {}) {
  const seen: string[] = [];
  const upstream = await fixture.upstream((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    if (!req.url?.includes('stream=true')) return sendJson(res, response(text));
    const write = startStream(res);
    write(
      `event: response.created\ndata: ${JSON.stringify({ type: 'response.created', sequence_number: 0, response: { ...response(''), output: [] } })}\n\n`,
    );
    write(
      `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', sequence_number: 1, response: response(text) })}\n\n`,
    );
    res.end();
  });
  return { ...(await fixture.proxy(upstream, config)), seen };
}

describe('the Responses API through the proxy', () => {
  it.each(['/v1/responses', '/openai/responses?api-version=2025-04-01', '/openai/v1/responses', '/V1//responses/'])(
    'is screened in both directions at %s',
    async (path) => {
      const { url, seen } = await storing('a quux');
      const post = (input: string) =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'm', input }),
        });
      expect((await post('a zorgblat')).status).toBe(400);
      expect(seen).toEqual([]);
      expect(await (await post('hello')).json()).toEqual(response('a #'));
    },
  );

  it('screens a response that is fetched later, for it was stored as the model said it', async () => {
    const { client, entries } = await storing('a zorgblat');
    const fetched = await client.responses.retrieve('resp_1');
    expect(JSON.stringify(fetched)).not.toContain('zorgblat');
    expect(fetched).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } });
    expect(entries).toMatchObject([{ direction: 'output', applied: 'block', field: 'output[0].content[0].text' }]);
  });

  it('screens one that is fetched as a stream', async () => {
    const { client } = await storing('a zorgblat');
    const types: string[] = [];
    for await (const event of await client.responses.retrieve('resp_1', { stream: true })) types.push(event.type);
    expect(types).toEqual(['response.created', 'response.incomplete']);
  });

  it('screens a stored chat completion', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      const choice = { index: 0, message: { role: 'assistant', content: 'a quux' }, finish_reason: 'stop' };
      sendJson(res, { id: 'c1', object: 'chat.completion', choices: [choice] });
    });
    const { client } = await fixture.proxy(upstream);
    const { choices } = await client.chat.completions.retrieve('c1');
    expect(choices[0]?.message.content).toBe('a #');
  });

  it.each([
    ['whole', false],
    ['streamed', true],
  ])('judges as Output what a reply says of the request only where that did not say it: %s', async (_, stream) => {
    const upstream = await fixture.upstream((_req, res) => {
      const repeated = { ...response('fine'), instructions: 'no blip', metadata: { note: 'a quux' } };
      if (!stream) return sendJson(res, repeated);
      const write = startStream(res);
      write(
        `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response: repeated })}\n\n`,
      );
      res.end();
    });
    const { url, entries } = await fixture.proxy(upstream, {
      lists: [{ inline: '[severity 3]\nquux\nblip', category: 'abusive' }],
    });
    const sent = await fetch(`${url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'hi', instructions: 'no blip', stream }),
    });
    const text = await sent.text();
    expect(entries.map(({ direction, field }) => [direction, field])).toEqual([
      ['input', 'instructions'],
      ['output', 'metadata.note'],
    ]);
    expect(text).toContain('a #');
  });

  it('reads a path that says nothing as the config says', async () => {
    const { url } = await storing('a quux', { routes: [{ path: '/ask/**', format: 'openai-responses' }] });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":"m","input":"hi"}',
    };
    expect(await (await fetch(`${url}/ask/me`, init)).json()).toEqual(response('a #'));
  });
});
