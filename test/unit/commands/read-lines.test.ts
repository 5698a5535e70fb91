import { type Line, readLines } from '../../../src/commands/read-lines.js';

async function linesOf(bytes: Buffer, chunkBytes: number, maxLineBytes = 100): Promise<Line[]> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const lines: Line[] = [];
  for await (const batch of readLines(chunks(), maxLineBytes)) lines.push(...batch);
  return lines;
}

const CASES: [string, string | Buffer, (string | undefined)[]][] = [
  ['nothing', '', []],
  ['a last line without line end', 'a\nb', ['a', 'b']],
  ['a last line with line end', 'a\nb\n', ['a', 'b']],
  ['empty lines', '\n\na\n\n', ['', '', 'a', '']],
  ['CRLF', 'a\r\n\r\nb\r\n', ['a', '', 'b']],
  ['a byte order mark', '\uFEFFa\n\uFEFFb\n', ['a', '\uFEFFb']],
  ['line separators that are not line ends', 'a\u2028b\u2029c\u0085d\ne', ['a\u2028b\u2029c\u0085d', 'e']],
  ['characters of several bytes', '你好\n🙂\n', ['你好', '🙂']],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0x0a, 0xff, 0x0a, 0x62]), ['a', undefined, 'b']],
  ['a line over the limit', `${'x'.repeat(101)}\n${'y'.repeat(100)}\n`, [undefined, 'y'.repeat(100)]],
];

describe.each([1, 2, 7, 1000])('readLines over chunks of %i bytes', (chunkBytes) => {
  it.each(CASES)('reads %s', async (_name, content, expected) => {
    const lines = await linesOf(Buffer.from(content as string), chunkBytes);
    expect(lines.map(({ text }) => text)).toEqual(expected);
    expect(lines.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1));
    for (const line of lines) expect(line.problem === '').toBe(line.text !== undefined);
  });
});
