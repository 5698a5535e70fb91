import { parseEvidenceKeys } from '../../../../src/store/index.js';

const A = 'a'.repeat(64);
const B = 'B1'.repeat(32);

describe('parseEvidenceKeys', () => {
  it('takes the first as the current one, and finds all by ids made from them', () => {
    const keys = parseEvidenceKeys(` ${A},\n${B} `);
    expect(keys.current.bytes).toEqual(Buffer.from(A, 'hex'));
    expect(keys.find(keys.current.id)).toBe(keys.current);
    const other = parseEvidenceKeys(B).current;
    expect(keys.find(other.id)).toEqual(other);
    expect(other.id).toMatch(/^[0-9a-f]{16}$/);
    expect(keys.find('zorg')).toBeUndefined();
  });

  it.each([
    ['nothing', ' , ', /must hold a key/],
    ['a short key', `${A},abc`, /key 2 must be 64 hexadecimal digits/],
    ['what is no number', 'zorgblat'.repeat(8), /key 1 must be/],
  ])('refuses %s without repeating it', (_, text, message) => {
    expect(() => parseEvidenceKeys(text)).toThrow(message);
    expect(() => parseEvidenceKeys(text)).not.toThrow(/zorgblat|abc/);
  });
});
