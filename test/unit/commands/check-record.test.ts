import { parseCheckRecord } from '../../../src/commands/check-record.js';

describe('parseCheckRecord', () => {
  it.each([
    ['a string id', '{"id":"a\\"b","text":"t"}', '"a\\"b"'],
    ['a number id', '{"id":7,"text":"t"}', '7'],
    ['a number id beyond a double', '{"text":"the \\"id\\":1","id":12345678901234567890}', '12345678901234567890'],
    ['a null id', '{"id":null,"text":"t"}', 'null'],
    ['an object id', '{"id":{"a":[1]},"text":"t"}', '{"a":[1]}'],
    ['no id', '{"text":"t"}', '5'],
  ])('keeps %s', (_name, line, id) => {
    expect(parseCheckRecord(line, 5).id).toBe(id);
  });

  it.each([
    ['no JSON', 'hello', 'is not JSON'],
    ['an array', '["text"]', 'needs a string "text"'],
    ['null', 'null', 'needs a string "text"'],
    ['a text of another type', '{"text":5}', 'needs a string "text"'],
    ['an unknown direction', '{"text":"t","direction":"up"}', '"direction" must be "input" or "output"'],
  ])('refuses %s', (_name, line, message) => {
    expect(() => parseCheckRecord(line, 1)).toThrow(new TypeError(message));
  });
});
