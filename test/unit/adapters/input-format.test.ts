import { ollamaEmbed, openaiEmbeddings } from '../../../src/adapters/embeddings.js';
import type { BlockInfo } from '../../../src/adapters/index.js';
import { openaiImages, openaiSpeech, rerank } from '../../../src/adapters/input-formats.js';
import { StreamError } from '../../../src/core/index.js';

const INFO: BlockInfo = {
  notice: 'Withheld.',
  hitId: 'r1',
  timeMs: 1_700_000_000_000,
  category: 'crime',
  direction: 'input',
  blockAs: 'refusal',
};
const ASKED = { stream: false, answers: 1, usage: false };

describe('formats that take text in and give none back', () => {
  it.each([
    [
      'embeddings',
      openaiEmbeddings,
      { model: 'm', input: ['a', 'b'], encoding_format: 'float' },
      ['input[0]', 'input[1]'],
    ],
    ['embeddings of tokens', openaiEmbeddings, { model: 'm', input: [[1, 2]] }, []],
    ['embeddings of Ollama', ollamaEmbed, { model: 'm', input: 'a', prompt: 'b' }, ['input', 'prompt']],
    ['images', openaiImages, { model: 'm', prompt: 'a', size: '1x1', image: 'aGk=' }, ['prompt']],
    ['speech', openaiSpeech, { model: 'm', input: 'a', voice: 'v', instructions: 'b' }, ['input', 'instructions']],
    [
      'reranking',
      rerank,
      { model: 'm', query: 'a', documents: ['b', { text: 'c' }] },
      ['query', 'documents[0]', 'documents[1].text'],
    ],
  ])('%s', (_, adapter, body, paths) => {
    expect(adapter.readTexts(body, 'input').map(({ path }) => path)).toEqual(paths);
  });

  it('reads what a reply says beside its vectors and images', () => {
    const image = { data: [{ b64_json: 'aGk=', url: 'https://a/b', revised_prompt: 'a' }] };
    expect(openaiImages.readTexts(image, 'output')).toEqual([{ path: 'data[0].revised_prompt', text: 'a' }]);
    const vectors = { object: 'list', data: [{ object: 'embedding', embedding: 'aGk=' }], model: 'm' };
    expect(openaiEmbeddings.readTexts(vectors, 'output')).toEqual([]);
  });

  it.each([
    ['of OpenAI', openaiEmbeddings, { error: { message: 'Withheld.', param: 'input', code: 'content_filter' } }],
    ['of Ollama', ollamaEmbed, { error: 'Withheld.', code: 'content_filter', moderation: { hit_id: 'r1' } }],
  ])('refuses by an error %s, for there is no answer that could', (_, adapter, body) => {
    expect(adapter.blockedReply(INFO, ASKED)).toMatchObject({ status: 400, content: { body } });
  });

  it('judges the events of a stream one by one', () => {
    const stream = openaiImages.openStream({ ...ASKED, stream: true });
    const event = { event: 'image_generation.partial_image', data: JSON.stringify({ b64_json: 'aGk=', title: 'a' }) };
    const step = stream.read(event);
    expect(step.fields).toEqual([{ path: 'title', text: 'a', answer: 'answer' }]);
    const nothing = { texts: new Map<string, string>(), without: new Set<string>() };
    expect(stream.write({ ...nothing, fields: new Map() })).toBe(event);
    const changed = stream.write({ ...nothing, fields: new Map([['title', '#']]) });
    expect(changed).toEqual({ ...event, data: JSON.stringify({ b64_json: 'aGk=', title: '#' }) });
    expect(stream.write({ texts: new Map(), fields: new Map(), without: new Set(['answer']) })).toBeUndefined();
    expect(() => stream.read({ data: 'no JSON' })).toThrow(StreamError);
    expect(stream.read({ data: '[DONE]' })).toMatchObject({ ends: 'all', last: true });
  });
});
