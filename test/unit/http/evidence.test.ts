import type { Evidence, Hit } from '../../../src/core/index.js';
import { ChannelText } from '../../../src/http/channel-text.js';
import { evidenceOf, excerptOf, hearWhole } from '../../../src/http/evidence.js';

const hit = (start: number, end: number, category: Hit['category'] = 'abusive'): Hit => ({
  category,
  source: 'lexicon',
  score: 1,
  span: { start, end },
  action: 'block',
});
const rules = { categories: new Set(['abusive'] as const), maxChars: 10 };

describe('evidenceOf', () => {
  it.each<[string, Parameters<typeof evidenceOf>[0], Hit[]]>([
    ['without rules', undefined, [hit(0, 1)]],
    ['without hits', rules, []],
    ['for a category nobody named', rules, [hit(0, 1, 'crime')]],
  ])('keeps nothing %s', (_, given, hits) => {
    expect(evidenceOf(given, hits, hearWhole('zorgblat'))).toEqual({});
  });

  it('keeps the text with all spans of the category', () => {
    const kept: Evidence = { category: 'abusive', text: 'a zorg b', start: 0, chars: 8, spans: [{ start: 2, end: 6 }] };
    expect(evidenceOf(rules, [hit(2, 6), hit(0, 1, 'crime')], hearWhole('a zorg b'))).toEqual({ evidence: [kept] });
  });
});

describe('excerptOf', () => {
  const text = '0123456789abcdefghij';
  it.each([
    ['in the middle', [[9, 11]], 5, '56789abcde'],
    ['at the start', [[0, 2]], 0, '0123456789'],
    ['at the end', [[19, 20]], 10, 'abcdefghij'],
    [
      'around several that fit',
      [
        [4, 6],
        [12, 14],
      ],
      4,
      '456789abcd',
    ],
    [
      'around the first of several that do not',
      [
        [2, 4],
        [17, 19],
      ],
      0,
      '0123456789',
    ],
    ['at the start of one that does not fit', [[3, 18]], 3, '3456789abc'],
  ])('cuts %s', (_, spans, start, expected) => {
    const given = spans.map(([from = 0, to = 0]) => ({ start: from, end: to }));
    expect(excerptOf({ text, start: 0, chars: 20 }, given, 10)).toEqual({ text: expected, start, chars: 20 });
  });

  it('cuts no surrogate pair', () => {
    const pairs = '😀'.repeat(20);
    for (let at = 0; at < 38; at += 1) {
      const { text: cut } = excerptOf({ text: pairs, start: 0, chars: 40 }, [{ start: at, end: at + 2 }], 7);
      expect(cut).not.toMatch(/\p{Cs}/u);
      expect(cut.length).toBeGreaterThan(4);
    }
  });
});

describe('ChannelText', () => {
  const long = 'x'.repeat(50_000);

  it('knows the end of a long text, and what stood around hits far back', () => {
    const hits: Hit[] = [];
    const channel = new ChannelText(rules, () => hits);
    channel.append('a zorgblat b');
    hits.push(hit(2, 10), hit(3, 4, 'crime'));
    for (let count = 0; count < 20; count += 1) channel.append(long);
    channel.append('end');
    const chars = 12 + 20 * 50_000 + 3;
    expect(channel.hear('abusive')).toEqual({ text: ' zorgblat ', start: 1, chars });
    const { text, start, chars: all } = channel.hear('violence');
    expect([text.endsWith('xend'), start + text.length, all]).toEqual([true, chars, chars]);
    expect(text.length).toBeLessThan(200_000);
  });
});
