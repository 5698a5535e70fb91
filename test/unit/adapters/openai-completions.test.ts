import type { BlockInfo } from '../../../src/adapters/index.js';
import { openaiCompletions } from '../../../src/adapters/openai-completions.js';

const INFO: BlockInfo = {
  notice: 'Withheld.',
  hitId: 'r1',
  timeMs: 1_700_000_000_000,
  category: 'abusive',
  direction: 'output',
  blockAs: 'refusal',
};

describe('legacy completions', () => {
  it.each<[name: string, body: object, answers: number]>([
    ['one prompt', { prompt: 'a' }, 1],
    ['two prompts, three answers each', { prompt: ['a', 'b'], n: 3 }, 6],
    ['one prompt in tokens', { prompt: [1, 2, 3], n: 2 }, 2],
    ['two prompts in tokens', { prompt: [[1], [2, 3]] }, 2],
    ['more than anybody answers', { prompt: Array(999).fill('a'), n: 999 }, 8192],
    ['no prompt', {}, 1],
  ])('expects as many answers as %s brings', (_, body, answers) => {
    expect(openaiCompletions.readAsked(body).answers).toBe(answers);
  });

  it.each<[name: string, body: object, paths: string[]]>([
    ['a prompt and what stands behind it', { model: 'm', prompt: 'a', suffix: 'b', user: 'u' }, ['prompt', 'suffix']],
    ['several prompts', { prompt: ['a', 'b'] }, ['prompt[0]', 'prompt[1]']],
    ['no tokens', { prompt: [1, 2], logit_bias: { '5': 1 } }, []],
    ['unknown keys', { prompt: 'a', extra: { note: 'b' } }, ['prompt', 'extra.note']],
  ])('reads %s of a request', (_, body, paths) => {
    expect(openaiCompletions.readTexts(body, 'input').map(({ path }) => path)).toEqual(paths);
  });

  const answer = (text: string, more: object = {}): object => ({ index: 0, text, finish_reason: 'stop', ...more });

  it('takes the tokens of an answer away with its text', () => {
    const tokens = { logprobs: { tokens: ['a'] }, token_ids: [1] };
    const body = { choices: [answer('a', tokens), answer('b', { ...tokens, index: 1 })] };
    expect(openaiCompletions.writeTexts(body, [{ path: 'choices[0].text', text: '#' }])).toEqual({
      choices: [answer('#', { logprobs: null, token_ids: null }), answer('b', { ...tokens, index: 1 })],
    });
  });

  it('puts a notice in place of the answers that are blocked', () => {
    const body = {
      id: 'c1',
      model: 'm',
      choices: [answer('a'), answer('b', { index: 1 })],
      usage: { total_tokens: 3 },
    };
    expect(openaiCompletions.blockedOutput(body, INFO, new Set(['choices[1]']))).toEqual({
      ...body,
      object: 'text_completion',
      created: 1_700_000_000,
      choices: [answer('a'), { index: 1, text: 'Withheld.', logprobs: null, finish_reason: 'content_filter' }],
      moderation: { blocked: true, category: 'abusive', hit_id: 'r1' },
    });
  });

  it('refuses by a stream of the format', () => {
    const asked = { stream: true, answers: 2, usage: true, model: 'm' };
    const { content } = openaiCompletions.blockedReply(INFO, asked);
    const events = 'events' in content ? content.events.map(({ data }) => data) : [];
    expect(events.pop()).toBe('[DONE]');
    const chunks = events.map((data) => JSON.parse(data));
    expect(chunks.every(({ object }) => object === 'text_completion')).toBe(true);
    expect(chunks[0].choices.map(({ text }: { text: string }) => text)).toEqual(['Withheld.', 'Withheld.']);
    expect(chunks.slice(1, 3).map(({ choices }) => choices[0].finish_reason)).toEqual([
      'content_filter',
      'content_filter',
    ]);
    expect(chunks[3].usage).toMatchObject({ total_tokens: 0 });
  });
});
