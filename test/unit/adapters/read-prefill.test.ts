import { readPrefill } from '../../../src/adapters/index.js';

const last = (message: object): object => ({ messages: [{ role: 'user', content: 'hi' }, message] });

describe('readPrefill', () => {
  it.each<[string, object, string, string]>([
    ['a message', last({ role: 'assistant', content: 'zor' }), 'messages[1].content', 'zor'],
    [
      'the last part of a message',
      last({
        role: 'assistant',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'zor' },
        ],
      }),
      'messages[1].content[1].text',
      'zor',
    ],
    ['a part that is a string', last({ role: 'assistant', content: ['zor'] }), 'messages[1].content[0]', 'zor'],
    ['the prompt of a completion', { prompt: 'zor' }, 'prompt', 'zor'],
  ])('finds %s', (_, body, path, text) => {
    expect(readPrefill(body)).toEqual({ path, text });
  });

  it.each<[string, unknown]>([
    ['a last message of the user', last({ role: 'user', content: 'zor' })],
    ['a last message without text', last({ role: 'assistant', content: null, tool_calls: [] })],
    ['no messages', { messages: [] }],
    ['a prompt of several texts', { prompt: ['a', 'zor'] }],
    ['odd shapes', { messages: [null, 3] }],
    ['no object', null],
  ])('finds nothing in %s', (_, body) => {
    expect(readPrefill(body)).toBeUndefined();
  });
});
