import { labelOf, parseEvalRow } from '../../../src/commands/eval-row.js';

describe('parseEvalRow', () => {
  it('reads a row and leaves out what it does not know', () => {
    const row = {
      text: 'zorg',
      lang: 'en',
      role: 'comment',
      labels: { crime: 1, abusive: 0 },
      any: 1,
      split: 'train',
    } as const;
    expect(parseEvalRow(JSON.stringify({ ...row, weak: ['any'], kind: 'x' }))).toEqual(row);
  });

  it('takes a text alone', () => {
    expect(parseEvalRow('{"text":"zorg"}')).toEqual({
      text: 'zorg',
      lang: 'und',
      role: 'input',
      labels: {},
      any: null,
      split: 'dev',
    });
  });

  it.each([
    ['no JSON', 'secret {', 'is not JSON'],
    ['a list', '["secret"]', 'is not a JSON object'],
    ['no text', '{"lang":"en"}', '"text" must be a string'],
    ['another role', '{"text":"secret","role":"user"}', '"role" must be input, output or comment'],
    ['a label that is no number', '{"text":"secret","labels":{"crime":"1"}}', '"labels.crime" must be 0 or 1'],
    ['a share as label', '{"text":"secret","any":0.5}', '"any" must be 0, 1 or null'],
    ['an unknown category', '{"text":"secret","labels":{"zorg":1}}', /^"labels" may name only abusive, /],
    ['labels in a list', '{"text":"secret","labels":[1]}', '"labels" must be an object'],
    ['another split', '{"text":"secret","split":"test"}', '"split" must be train or dev'],
  ])('refuses %s without repeating the text', (_name, line, message) => {
    expect(() => parseEvalRow(line)).toThrow(message);
    expect(() => parseEvalRow(line)).not.toThrow(/secret/);
  });
});

describe('labelOf', () => {
  it.each([
    ['is the label that is given', { labels: { crime: 1 }, any: 1 }, 1],
    ['is 0 where nothing is violated', { labels: {}, any: 0 }, 0],
    ['is unknown in a text that violates something', { labels: { abusive: 1 }, any: 1 }, undefined],
    ['is unknown where nothing is known', { labels: {}, any: null }, undefined],
  ])('%s', (_name, known, label) => {
    expect(labelOf(parseEvalRow(JSON.stringify({ text: '', ...known })), 'crime')).toBe(label);
  });
});
