import type { Hit } from '../../../src/core/index.js';
import { listHits } from '../../../src/store/list-hits.js';

const hit = (start: number, change: Partial<Hit> = {}): Hit => ({
  category: 'abusive',
  source: 'lexicon',
  score: 0.9,
  span: { start, end: start + 1 },
  action: 'flag',
  ...change,
});
const many = (count: number, change: Partial<Hit> = {}) =>
  Array.from({ length: count }, (_, index) => hit(index, change));

describe('the hits that are recorded one by one', () => {
  test('are all of them, where they are few', () => {
    const hits = many(50);
    expect(listHits(hits)).toBe(hits);
  });

  test('are fifty of each category, of which the last says how many there are beyond', () => {
    const listed = listHits([...many(200_000), ...many(3, { category: 'crime' })]);
    expect(listed).toHaveLength(53);
    expect(listed.filter(({ unlisted }) => unlisted !== undefined)).toEqual([{ ...hit(49), unlisted: 199_950 }]);
  });

  test('are the strongest, in their order', () => {
    const hits = [...many(60), hit(60, { action: 'block' }), hit(61, { action: 'redact' })];
    const listed = listHits(hits);
    expect(listed.map(({ span }) => span.start)).toEqual([...Array(48).keys(), 60, 61]);
    expect(listed.map(({ unlisted }) => unlisted ?? 0)).toEqual([...Array(49).fill(0), 12]);
  });
});
