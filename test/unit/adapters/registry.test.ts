import { findAdapter } from '../../../src/adapters/index.js';

const chat = { messages: [{ role: 'user', content: 'hi' }] };

describe('findAdapter', () => {
  it.each([
    ['the plain path', '/v1/chat/completions', {}],
    ['a deployment path with a query', '/openai/deployments/d/chat/completions?api-version=1', {}],
    ['other spellings', '//V1/chat//completions/', {}],
    ['percent escapes', '/v1/ch%61t%2Fcompletions', {}],
    ['a chat body on any path', '/assistant', chat],
  ])('knows chat by %s', (_, path, body) => {
    expect(findAdapter(path, { body })?.name).toBe('openai-chat');
  });

  it.each([
    ['the plain path', '/v1/messages', chat],
    ['a prefix and a query', '/anthropic/v1/messages?beta=true', {}],
    ['the counting of tokens', '/v1/messages/count_tokens', {}],
    ['a batch', '/v1/messages/batches/', {}],
    ['a body on any path', '/assistant', { ...chat, system: 's' }],
  ])('knows Anthropic Messages by %s', (_, path, body) => {
    expect(findAdapter(path, { body })?.name).toBe('anthropic-messages');
  });

  it.each([
    ['/v1/messages/batches/msgbatch_1/results', 'anthropic-batch-results'],
    ['/v1/messages/batches/msgbatch_1', undefined],
    ['/batches/msgbatch_1/results', undefined],
  ])('knows the results of a batch by the whole end of their path: %s', (path, name) => {
    expect(findAdapter(path)?.name).toBe(name);
  });

  it('knows Anthropic Messages by the header that its clients send, where the path says nothing', () => {
    const headers = { 'anthropic-version': '2023-06-01' };
    expect(findAdapter('/assistant', { body: chat, headers })?.name).toBe('anthropic-messages');
    expect(findAdapter('/v1/chat/completions', { body: chat, headers })?.name).toBe('openai-chat');
    expect(findAdapter('/v1/files', { body: undefined, headers })).toBeUndefined();
  });

  it.each([
    ['another format', '/v1/responses', chat],
    ['another body', '/v1/embeddings', { input: 'hi' }],
    ['no body', '/', undefined],
    ['no messages', '/', { messages: [] }],
  ])('has none for %s', (_, path, body) => {
    expect(findAdapter(path, { body })).toBeUndefined();
  });
});
