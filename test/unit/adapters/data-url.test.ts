import fc from 'fast-check';
import { dataUrlType, readTextDataUrl } from '../../../src/adapters/index.js';

const base64 = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  Buffer.from(text, encoding).toString('base64');
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]).toString('base64');

describe('readTextDataUrl', () => {
  it.each([
    ['base64', `data:text/plain;base64,${base64('a zorgblat')}`, 'a zorgblat'],
    ['percent-encoding', 'data:text/plain,a%20zorg%62lat', 'a zorgblat'],
    ['no encoding at all', 'data:,a zorgblat', 'a zorgblat'],
    ['base64 that is percent-encoded too', `data:;base64,${encodeURIComponent(base64('a zorgblat'))}`, 'a zorgblat'],
    ['capital letters and spaces', ` DATA:Text/HTML;Charset=UTF-8;BASE64,${base64('<p>äöü</p>')}`, '<p>äöü</p>'],
    ['another charset', `data:text/plain;charset=utf-16le;base64,${base64('zorg', 'utf16le')}`, 'zorg'],
    ['a charset that is none', `data:text/plain;charset=zorg;base64,${base64('zorg')}`, 'zorg'],
    ['bytes that are no UTF-8', `data:text/plain;base64,${base64('z\xf6rg', 'latin1')}`, 'zörg'],
    ['JSON', `data:application/json,{"a":"zorg"}`, '{"a":"zorg"}'],
    [
      'a drawing in text',
      `data:image/svg+xml;base64,${base64('<svg><text>zorg</text></svg>')}`,
      '<svg><text>zorg</text></svg>',
    ],
    ['text that calls itself something else', `data:image/png;base64,${base64('a zorgblat')}`, 'a zorgblat'],
    ['a broken percent sign', 'data:,100% zorg%', '100% zorg%'],
  ])('reads %s', (_, url, text) => {
    expect(readTextDataUrl(url)?.text).toBe(text);
  });

  it.each([
    ['an image', `data:image/png;base64,${PNG}`],
    ['another URL', 'https://example.com/data:,x'],
    ['text', 'see data:,x'],
    ['no comma', 'data:text/plain;base64'],
    ['nothing', ''],
  ])('finds no text in %s', (_, url) => {
    expect(readTextDataUrl(url)).toBeUndefined();
  });

  it('writes another text so that it is read again, type and encoding kept', () => {
    const head = fc.constantFrom('', 'text/html', 'image/svg+xml', 'text/plain;charset=latin1', 'text/plain;a=b');
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(head, fc.boolean(), text, text, (type, inBase64, first, second) => {
        const data = inBase64 ? `;base64,${base64(first)}` : `,${encodeURIComponent(first)}`;
        const written = readTextDataUrl(`data:${type}${data}`)?.write(second) ?? '';
        expect(readTextDataUrl(written)?.text).toBe(second);
        expect(dataUrlType(written)).toBe(type.split(';')[0] || 'text/plain');
        expect(/;base64,/.test(written)).toBe(inBase64);
      }),
    );
  });
});
