import fc from 'fast-check';
import { NDJSON, PLAIN_TEXT, type StreamEvent } from '../../../src/framing/index.js';

function parse(wire: Buffer | string, size = wire.length + 1, framing = NDJSON): StreamEvent[] {
  const bytes = Buffer.from(wire);
  const parser = framing.createParser({ maxEventBytes: 100 });
  const events: StreamEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.subarray(at, at + size), events);
  return parser.end(events);
}

describe('NDJSON', () => {
  it.each<[name: string, wire: string, events: StreamEvent[]]>([
    ['lines', '{"a":1}\n{"a":2}\n', [{ data: '{"a":1}' }, { data: '{"a":2}' }]],
    ['CR LF', '{"a":1}\r\n{"a":2}\r\n', [{ data: '{"a":1}' }, { data: '{"a":2}' }]],
    ['a CR as white space', '{"a":\r1}\n', [{ data: '{"a":\r1}' }]],
    ['a last line without an end', '{"a":1}\n{"a":2}', [{ data: '{"a":1}' }, { data: '{"a":2}' }]],
    ['blank lines', '\n \r\n{}\n', [{ data: '', comment: '' }, { data: '', comment: '' }, { data: '{}' }]],
    ['a byte order mark', '\uFEFF{}\n', [{ data: '{}' }]],
  ])('reads %s', (_, wire, events) => {
    expect(parse(wire)).toEqual(events);
  });

  it('gives the same events however the bytes are cut, also within a character', () => {
    const line = fc.constantFrom('{"a":"你好"}', '{"b":"😀"}', '', '{"c":"é\u2028"}');
    const wire = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n'))).map((lines) => lines.flat().join(''));
    fc.assert(
      fc.property(wire, fc.integer({ min: 1, max: 9 }), (text, size) => {
        expect(parse(text, size)).toEqual(parse(text));
        expect(parse(text).map(NDJSON.encode).join('')).toBe(text.replaceAll('\r\n', '\n'));
      }),
    );
  });

  it('refuses a line over the limit, also one that has not ended', () => {
    expect(() => parse(`{}\n${'x'.repeat(101)}`, 10)).toThrow('larger than 100 bytes');
    expect(parse(`${'x'.repeat(100)}\n${'y'.repeat(100)}\n`, 7)).toHaveLength(2);
  });

  it('refuses to write data that would be two lines', () => {
    expect(() => NDJSON.encode({ data: 'a\nb' })).toThrow('line break');
  });

  it.each([
    ['several lines', '{"a":1}\n{"a":2}\n', true],
    ['one line', '{"a":1}\n', false],
    ['indented JSON', '{\n  "a": 1\n}\n', false],
    ['plain text', 'hello\nworld', false],
  ])('recognizes a body of %s: %s', (_, body, expected) => {
    expect(NDJSON.recognizes(Buffer.from(body))).toBe(expected);
  });

  it.each(['application/x-ndjson', 'application/ndjson; charset=utf-8', 'application/jsonl'])(
    'is told by %s',
    (type) => {
      expect(NDJSON.matchesType(type)).toBe(true);
      expect(NDJSON.matchesType('application/json')).toBe(false);
    },
  );
});

describe('plain text', () => {
  it('is cut at whole characters only', () => {
    const text = 'a 你好 😀 é';
    const events = parse(text, 1, PLAIN_TEXT);
    expect(events.map(({ data }) => data).join('')).toBe(text);
    expect(events.every(({ data }) => !data.includes('\uFFFD'))).toBe(true);
  });
});
