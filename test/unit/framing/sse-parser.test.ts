import fc from 'fast-check';
import { encodeSse, SseParser, type StreamEvent } from '../../../src/framing/index.js';

function parse(chunks: readonly Uint8Array[], maxEventBytes = 1 << 20): StreamEvent[] {
  const parser = new SseParser({ maxEventBytes });
  return [...chunks.flatMap((chunk) => parser.feed(chunk)), ...parser.end()];
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const points = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return points.slice(1).map((point, index) => bytes.slice(points[index], point));
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('SseParser', () => {
  it.each<[string, string, StreamEvent[]]>([
    ['line feeds', 'data: a\n\ndata: b\n\n', [{ data: 'a' }, { data: 'b' }]],
    ['carriage returns', 'data: a\r\rdata: b\r\r', [{ data: 'a' }, { data: 'b' }]],
    ['CRLF', 'event: x\r\nid: 7\r\ndata: a\r\n\r\n', [{ event: 'x', data: 'a', id: '7' }]],
    ['several data lines', 'data: a\ndata:b\ndata\n\n', [{ data: 'a\nb\n' }]],
    ['a comment', ': keep-alive\n\ndata: a\n\n', [{ data: '', comment: 'keep-alive' }, { data: 'a' }]],
    ['a byte order mark', '\uFEFFdata: a\n\n', [{ data: 'a' }]],
    ['no final blank line', 'data: a\n\ndata: b', [{ data: 'a' }, { data: 'b' }]],
    ['an event without data', 'event: x\n\n', []],
    ['one optional space', 'data:  a\n\n', [{ data: ' a' }]],
  ])('reads %s', (_, wire, expected) => {
    expect(parse([utf8(wire)])).toEqual(expected);
  });

  it('gives the same events however the bytes are cut', () => {
    const piece = fc.oneof(
      fc
        .constantFrom('data: ', 'data:', 'event: ', 'id: ', ':', '\n', '\r', '\r\n', '\n\n', '你好', '😀', '\uFEFF')
        .map(utf8),
      fc.uint8Array({ maxLength: 4 }),
    );
    const bytes = fc.array(piece, { maxLength: 30 }).map((pieces) => new Uint8Array(Buffer.concat(pieces)));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(200), { maxLength: 12 }), (wire, cuts) => {
        const whole = parse([wire]);
        expect(parse(split(wire, cuts))).toEqual(whole);
        expect(parse(Array.from(wire, (byte) => Uint8Array.of(byte)))).toEqual(whole);
      }),
    );
  });

  it('reads back what the encoder writes', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n\0]/.test(text));
    const event = fc.oneof(
      fc.record(
        { event: line.filter((name) => name !== ''), data: fc.array(line).map((lines) => lines.join('\n')), id: line },
        { requiredKeys: ['data'] },
      ),
      line.map((comment) => ({ data: '', comment })),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        expect(parse([utf8(events.map(encodeSse).join(''))])).toEqual(events.map((each) => ({ ...each })));
      }),
    );
  });

  it('refuses an event over the limit, whether or not its line has ended', () => {
    expect(parse([utf8('data: 1234\n\ndata: 1234\n\n')], 10)).toHaveLength(2);
    expect(() => parse([utf8('data: 12345\n\n')], 10)).toThrow('larger than 10 bytes');
    expect(() => parse([utf8('data: 12'), utf8('345')], 10)).toThrow('larger than 10 bytes');
    expect(() => parse([utf8('data: 1\ndata: 2\n')], 10)).toThrow('larger than 10 bytes');
  });

  it('does not count comments towards the limit', () => {
    expect(parse([utf8(': wait\n'.repeat(50))], 10)).toHaveLength(50);
  });
});

describe('encodeSse', () => {
  it.each<[string, StreamEvent]>([
    ['event', { event: 'a\nb', data: '' }],
    ['id', { id: 'a\rb', data: '' }],
    ['comment', { comment: 'a\nb', data: '' }],
  ])('refuses a line break in %s', (field, event) => {
    expect(() => encodeSse(event)).toThrow(field);
  });
});
