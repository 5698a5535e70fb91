import { buildLexicon, parseList, scanText } from '../../../src/lexicon/index.js';
import { packLexicon, unpackLexicon } from '../../../src/lexicon/pack.js';

const LIST = `
[severity 3]
zorgblat | unless the zorgblat cup, a blatting
wibblefrotz
*ノルプ
[severity 2]
quux {one,two} | near flim, flam | within 20
gneep | unless far away | within text
!zorgblat soup
`;

const listOf = (text: string) => parseList({ text, file: 'my/abusive.txt', language: 'en', category: 'abusive' });

const TEXTS = [
  'a zorgblat here',
  `the zorgblat cup ${'and so on '.repeat(10)} a zorgblat`,
  'zorgblat soup and z o r g b l a t',
  'flim, then quux two',
  'quux one alone',
  'w-i-b-b-l-e-f-r-o-t-z',
  'ノルプ',
  `far away ${'and so on '.repeat(40)} gneep`,
  '',
];

describe('a packed lexicon', () => {
  const built = buildLexicon([listOf(LIST)]);
  const unpacked = unpackLexicon(packLexicon(built, 'key'), 'key') ?? built;

  it('is another one than was packed', () => {
    expect(unpacked).not.toBe(built);
  });

  it.each(TEXTS)('finds what the built one finds: %j', (text) => {
    expect(scanText(unpacked, text)).toEqual(scanText(built, text));
  });

  it('finds something in the texts', () => {
    expect(TEXTS.map((text) => scanText(unpacked, text).length)).toEqual([1, 1, 1, 1, 0, 1, 1, 0, 0]);
  });

  it('has the same entries, conditions and allow-phrases', () => {
    expect(structuredClone(unpacked.entries)).toEqual(structuredClone(built.entries));
    expect(unpacked.allow).toEqual(built.allow);
    expect(unpacked.version).toBe(built.version);
    expect(unpacked.size).toBe(built.size);
  });

  it('holds text back as far', () => {
    for (const least of [1, 3, 5]) {
      expect(unpacked.holdDepths((_, severity) => severity >= least)).toEqual(
        built.holdDepths((_, severity) => severity >= least),
      );
    }
    expect(unpacked.allowDepths).toEqual(built.allowDepths);
  });

  it('can be packed again', () => {
    expect(Buffer.from(packLexicon(unpacked, 'key')).equals(Buffer.from(packLexicon(built, 'key')))).toBe(true);
  });

  it('is not taken for what was built from something else', () => {
    expect(unpackLexicon(packLexicon(built, 'key'), 'another key')).toBeUndefined();
  });

  it('keeps half a surrogate pair', () => {
    const odd = buildLexicon([listOf('zorg\ud800blat | severity 3\n')]);
    const again = unpackLexicon(packLexicon(odd, 'key'), 'key');
    expect(again?.entries[0]?.terms[0]?.text).toBe('zorg\ud800blat');
    expect(again && scanText(again, 'zorg\ud800blat')).toHaveLength(1);
  });

  it('keeps terms whose depths need two bytes', () => {
    const long = buildLexicon([listOf(`${'zo'.repeat(200)} | severity 3\n`)]);
    const again = unpackLexicon(packLexicon(long, 'key'), 'key');
    expect(again && scanText(again, 'zo'.repeat(200))).toHaveLength(1);
    expect(again?.allowDepths).toBeInstanceOf(Uint16Array);
  });
});
