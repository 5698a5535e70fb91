import fc from 'fast-check';
import { hasRepeatedKeys, isDeeperThan, measureJson } from '../../../src/adapters/json-shape.js';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
const membersOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, item) => sum + membersOf(item), own);
};

describe('measureJson', () => {
  it('tells depth and members of any JSON, whatever its strings hold', () => {
    const STRING = fc.oneof(fc.string(), fc.constantFrom('":', '"}', '\\"', '[{', '\\', '":{"a":1'));
    const JSON_VALUE = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        STRING,
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(STRING, tie('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(JSON_VALUE, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { depth, members } = measureJson(text);
        expect([depth, members]).toEqual([depthOf(value), membersOf(value)]);
        expect(hasRepeatedKeys(text, JSON.parse(text))).toBe(false);
        expect(isDeeperThan(text, depth)).toBe(false);
        if (depth > 0) expect(isDeeperThan(text, depth - 1)).toBe(true);
      }),
    );
  });

  it.each([
    ['in the body itself', '{"a":1,"a":2}'],
    ['deep in it', '{"a":[{"b":1,"c":{"d":1, "d" : 2}}]}'],
    ['spelled in two ways', '{"a":1,"\\u0061":2}'],
    ['around a text that looks like a member', '{"a":"\\":","a":2}'],
    ['three times', '{"a":1,"a":1,"a":1}'],
  ])('finds a key that stands twice %s', (_, text) => {
    expect(hasRepeatedKeys(text, JSON.parse(text))).toBe(true);
  });
});
