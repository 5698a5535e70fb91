import fc from 'fast-check';
import { writeJson } from '../../../src/adapters/index.js';

describe('writeJson', () => {
  it.each([
    ['an integer that JavaScript rounds', '{"id":9007199254740993}'],
    ['a number that JavaScript cannot hold', '[1e400,-1e400]'],
    ['forms that JavaScript writes in another way', '[1.0,-0,1E3,0.10,1e-7]'],
    ['beside strings that look like numbers', '{"a":"9007199254740993","b":["\\"1.0",9007199254740993,"\\\\"]}'],
    ['at keys with signs of a path', '{"a/b":{"~":1.0},"a":{"b/~":2.0}}'],
    ['at the top', '9007199254740993'],
  ])('keeps the digits of %s', (_, source) => {
    expect(writeJson(JSON.parse(source), source)).toBe(source);
  });

  it.each([
    ['the last of repeated keys', '{"a":9007199254740993,"a":9007199254740995}', '{"a":9007199254740995}'],
    ['a last one that is rounded already', '{"a":9007199254740993,"a":9007199254740992}', '{"a":9007199254740992}'],
    ['an object that replaces an earlier one', '{"a":{"n":1.0},"a":{"m":1}}', '{"a":{"m":1}}'],
    [
      'a list that replaces an object',
      '{"a":{"0":9007199254740993},"a":[9007199254740992]}',
      '{"a":[9007199254740992]}',
    ],
    ['a key that is spelled with escapes', '{"\\u0061":1.0,"a":2.0}', '{"a":2.0}'],
    ['white space', ' { "a" : [ 1.0 , 2 ] } ', '{"a":[1.0,2]}'],
  ])('writes of %s what was read', (_, source, written) => {
    expect(writeJson(JSON.parse(source), source)).toBe(written);
  });

  it('writes what was edited, and keeps the numbers around it', () => {
    const source = '{"seed":9007199254740993,"n":1.0,"logprobs":{"x":1.0},"text":"a"}';
    const edited = { seed: 9007199254740992, n: 2, logprobs: null, text: 'b', gone: undefined };
    expect(writeJson(edited, source)).toBe('{"seed":9007199254740993,"n":2,"logprobs":null,"text":"b"}');
  });

  it('means the same as the source for every JSON text', () => {
    const number = fc.oneof(fc.bigInt().map(String), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String));
    const json = fc.json({ maxDepth: 4 });
    fc.assert(
      fc.property(json, number, fc.string(), (text, digits, key) => {
        const source = `{"x":${text},${JSON.stringify(key)}:[${digits}]}`;
        const written = writeJson(JSON.parse(source), source);
        expect(JSON.parse(written)).toEqual(JSON.parse(source));
        expect(written).toContain(`[${digits}]`);
      }),
    );
  });
});
