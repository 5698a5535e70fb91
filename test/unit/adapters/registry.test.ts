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

  it.each<[path: string, body: unknown, name: string]>([
    ['/v1/completions', {}, 'openai-completions'],
    ['/beta/completions', {}, 'openai-completions'],
    ['/openai/deployments/d/completions?api-version=1', {}, 'openai-completions'],
    ['/openai/deployments/d/embeddings?api-version=1', {}, 'openai-embeddings'],
    ['/v1/images/generations', {}, 'openai-images'],
    ['/v1/audio/speech', {}, 'openai-speech'],
    ['/v1/rerank', {}, 'rerank'],
    ['/api/chat', {}, 'ollama-chat'],
    ['/ollama/API/Generate/', {}, 'ollama-generate'],
    ['/api/embed', {}, 'ollama-embed'],
    ['/api/embeddings', {}, 'ollama-embed'],
    ['/ask', { ...chat, model: 'm', keep_alive: 0 }, 'ollama-chat'],
    ['/ask', { model: 'm', prompt: 'hi', raw: true }, 'ollama-generate'],
    ['/ask', { model: 'm', prompt: 'hi' }, 'openai-completions'],
    ['/ask', { model: 'm', Prompt: [[1, 2]] }, 'openai-completions'],
    ['/ask', { model: 'm', input: ['hi'] }, 'openai-embeddings'],
  ])('knows %s with %j as %s', (path, body, name) => {
    expect(findAdapter(path, { body })?.name).toBe(name);
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
    ['another body', '/v1/files', { input: 'hi' }],
    ['no body', '/', undefined],
    ['no messages', '/', { messages: [] }],
    ['a prompt for nobody', '/', { prompt: 'hi' }],
  ])('has none for %s', (_, path, body) => {
    expect(findAdapter(path, { body })).toBeUndefined();
  });
});
