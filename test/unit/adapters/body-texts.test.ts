import { adapterNamed, readBodyTexts } from '../../../src/adapters/index.js';
import type { Direction, UnscreenedReason } from '../../../src/core/index.js';

const chat = adapterNamed('openai-chat');
const messages = adapterNamed('anthropic-messages');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const BYTES = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0xff, 0xfe]).toString('base64');

const part = (...parts: object[]): object => ({ messages: [{ role: 'user', content: parts }] });
const PART = 'messages[0].content[0]';

describe('readBodyTexts', () => {
  it.each<[string, object, string, UnscreenedReason]>([
    [
      'an image by its address',
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      '.image_url.url',
      'image',
    ],
    [
      'an image in a data URL',
      { type: 'image_url', image_url: { url: `data:image/png;base64,${BYTES}` } },
      '.image_url.url',
      'image',
    ],
    ['sound', { type: 'input_audio', input_audio: { data: BYTES, format: 'wav' } }, '.input_audio.data', 'audio'],
    [
      'a file',
      { type: 'file', file: { file_data: `data:application/pdf;base64,${BYTES}` } },
      '.file.file_data',
      'file',
    ],
    ['a file that was uploaded before', { type: 'file', file: { file_id: 'file-1' } }, '.file.file_id', 'file'],
    ['a film', { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } }, '.video_url.url', 'video'],
  ])('lists %s in a chat request', (_, content, path, reason) => {
    const { fields, unscreened } = readBodyTexts(chat, part(content, { type: 'text', text: 'hi there' }), 'input');
    expect(fields.map(({ text }) => text)).toEqual(['hi there']);
    expect(unscreened).toEqual([{ field: PART + path, reason }]);
  });

  it.each<[string, object, string, UnscreenedReason]>([
    [
      'an image',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: BYTES } },
      '.source.data',
      'image',
    ],
    [
      'an image by its address',
      { type: 'image', source: { type: 'url', url: 'https://example.com/a' } },
      '.source.url',
      'image',
    ],
    [
      'a document',
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: BYTES } },
      '.source.data',
      'file',
    ],
    [
      'a document that was uploaded before',
      { type: 'document', source: { type: 'file', file_id: 'f' } },
      '.source.file_id',
      'file',
    ],
    ['thinking that is encrypted', { type: 'redacted_thinking', data: BYTES }, '.data', 'binary'],
  ])('lists %s in a request of messages', (_, content, path, reason) => {
    expect(readBodyTexts(messages, part(content), 'input').unscreened).toEqual([{ field: PART + path, reason }]);
  });

  it.each<[string, object, Direction, string, UnscreenedReason]>([
    ['tokens in place of text', { messages: [], prompt: [1, 2, 3] }, 'input', 'prompt', 'tokens'],
    ['tokens for several texts', { messages: [], input: [[1, 2], [3]] }, 'input', 'input[0]', 'tokens'],
    [
      'log probabilities',
      { choices: [{ message: { content: 'a' }, logprobs: { content: [{ token: 'a b', top_logprobs: [] }] } }] },
      'output',
      'choices[0].logprobs.content[0].token',
      'tokens',
    ],
    [
      'a sound in an answer',
      { choices: [{ message: { content: 'a', audio: { id: 'x', data: BYTES, transcript: 'b c' } } }] },
      'output',
      'choices[0].message.audio.data',
      'audio',
    ],
  ])('lists %s', (_, body, direction, field, reason) => {
    expect(readBodyTexts(chat, body, direction).unscreened[0]).toEqual({ field, reason });
  });

  it('lists no names, references and settings', () => {
    const body = {
      model: 'm',
      user: 'u-1',
      tool_choice: 'auto',
      messages: [
        {
          role: 'assistant',
          content: 'hi',
          tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{ }' } }],
        },
        { role: 'tool', tool_call_id: 't', content: 'done' },
      ],
    };
    expect(readBodyTexts(chat, body, 'input')).toMatchObject({ unscreened: [], unknown: [] });
  });

  it.each<[string, object, string]>([
    [
      'of an image',
      { type: 'image_url', image_url: { url: `data:text/html;base64,${base64('<b>a quux</b>')}` } },
      '<b>a quux</b>',
    ],
    ['of a file', { type: 'file', file: { file_data: 'data:text/csv,a%20quux' } }, 'a quux'],
    ['under a key that nobody knows', { type: 'zorg', zorg: `data:,a%20quux` }, 'a quux'],
    ['as the text itself', { type: 'text', text: `data:text/plain;base64,${base64('a quux')}` }, 'a quux'],
  ])('judges the text in a data URL %s, and writes it back as one', (_, content, text) => {
    const body = part(content);
    const read = readBodyTexts(chat, body, 'input');
    const field = read.fields.find((each) => each.text === text);
    expect([field?.text, read.unscreened]).toEqual([text, []]);
    const written = read.write([{ path: field?.path ?? '', text: 'a #' }]);
    expect(readBodyTexts(chat, written, 'input').fields.map((each) => each.text)).toContain('a #');
    expect(JSON.stringify(written)).toMatch(/data:[^"]*,/);
    expect(JSON.stringify(body)).toContain(JSON.stringify(content));
  });

  it.each<[string, object, string[]]>([
    ['a key that the format does not have', { ...part(), zorg: 'a text' }, ['zorg']],
    ['a key in another spelling', { Messages: [{ role: 'user', Content: 'a text' }] }, ['Messages[0].Content']],
    ['a key of a message', { messages: [{ role: 'user', zorg: ['a text'] }] }, ['messages[0].zorg[0]']],
    [
      'a key beside one of the format',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'a', zorg: 'b c' }] }] },
      ['messages[0].content[0].zorg'],
    ],
    ['keys that a client may choose', { ...part(), metadata: { zorg: 'a text' } }, []],
    [
      'the schema of a tool',
      {
        ...part(),
        tools: [
          {
            type: 'function',
            function: { name: 'f', parameters: { properties: { zorg: { description: 'a text' } } } },
          },
        ],
      },
      [],
    ],
    ['one word that is no text', { ...part(), model: 'zorg' }, []],
  ])('names texts under %s', (_, body, unknown) => {
    expect(readBodyTexts(chat, body, 'input').unknown).toEqual(unknown);
  });
});
