import fc from 'fast-check';
import { databaseOf, featuresOf, findFeatures, SENTENCES } from '../../support/features.js';

const [FIRST = '', SECOND = '', THIRD = '', CHINESE = ''] = SENTENCES;
const database = databaseOf([...SENTENCES, 'zorgblat now', 'ha ha ha ha ha ha']);

/** Ids of what is found in a text. */
const idsIn = (text: string): string[] => findFeatures(database, text).map(({ detection }) => detection.featureId);
const idOf = (text: string): string | undefined => featuresOf(text)[0]?.id;

describe('a feature is found', () => {
  it.each([
    ['as it was', FIRST],
    ['in capitals', FIRST.toUpperCase()],
    ['spelled out', [...FIRST.replaceAll(' ', '')].join(' ')],
    ['without spaces and marks', FIRST.replace(/[^a-z]/gi, '')],
    ['with invisible characters', [...FIRST].join('\u200b')],
    ['in full width', FIRST.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))],
    ['in letters of another script', FIRST.replaceAll('o', 'о').replaceAll('a', 'а').replaceAll('e', 'е')],
    ['in digits for letters', FIRST.replaceAll('o', '0').replaceAll('e', '3').replaceAll('s', '$')],
    ['with letters drawn out', FIRST.replaceAll('a', 'aaaa')],
    ['behind other text', `${SECOND.slice(0, 50)}. ${FIRST}`],
    ['before other text', `${FIRST} ${THIRD.slice(0, 70)}`],
    ['within a word', `xq${FIRST}xq`],
    ['with words left out', FIRST.replace('seven ', '').replace('quite ', '')],
    ['with words put in', FIRST.replace('buckets', 'big red buckets').replace('sang', 'boldly sang')],
    ['with other words', FIRST.replace('seven', 'eleven').replace('Vermiglio', 'Vermouth').replace('drank', 'spilt')],
  ])('%s', (_, text) => {
    expect(idsIn(text)).toEqual([idOf(FIRST)]);
  });

  it.each([
    ['as it was', CHINESE],
    [
      'in traditional characters',
      CHINESE.replace('会', '會').replace('弹', '彈').replace('开', '開').replace('顾', '顧'),
    ],
    ['spaced out', [...CHINESE].join(' ')],
    ['with other words', CHINESE.replace('企鹅', '海豹').replace('小店', '商铺')],
    ['among others', `他说：“${CHINESE}”然后就走了。`],
  ])('in Chinese: %s', (_, text) => {
    expect(idsIn(text)).toEqual([idOf(CHINESE)]);
  });

  test.each(['zorgblat now', 'Z0RGBLAT... now!!', 'z o r g b l a t n o w'])('when it is short, alone: %s', (text) => {
    expect(idsIn(text)).toEqual([idOf('zorgblat now')]);
  });
});

describe('a feature is not found', () => {
  it.each([
    [
      'in a text that shares a phrase',
      'The quondam bromblat of Vermiglio was never seen again after the flood of 1911, say the neighbors.',
    ],
    ['in half of it', FIRST.slice(0, 60)],
    [
      'in another text',
      'Please book a table for four at the little place beside the station, on Friday evening around eight.',
    ],
    ['when it is short and not alone', 'they say zorgblat now and then'],
    ['when it is short and changed', 'zorgblat not'],
    ['in nothing', ''],
  ])('%s', (_, text) => {
    expect(idsIn(text)).toEqual([]);
  });

  it('once it was removed', () => {
    const own = databaseOf([FIRST, SECOND]);
    own.remove(idOf(FIRST) ?? '');
    expect(findFeatures(own, FIRST)).toEqual([]);
    expect(findFeatures(own, SECOND)).toHaveLength(1);
    expect(own.size).toBe(1);
  });

  it('by another version of the signature', () => {
    const other = databaseOf([]);
    const written = featuresOf(FIRST)[0]?.signature ?? new Uint8Array();
    const broken = [written.slice(0, -1), written.slice(0, 10), Uint8Array.of(9, ...written.slice(1))];
    for (const signature of broken)
      expect(other.add({ signature, category: 'crime', severity: 4, expiresMs: null })).toBe(false);
    expect(other.open()).toBeUndefined();
  });
});

describe('a span', () => {
  it('goes from the first character to the last of what was not changed', () => {
    const [found] = findFeatures(database, `Well then: ${FIRST}`);
    expect(found?.detection.span).toEqual({ start: 11, end: 11 + FIRST.length });
  });

  it('is that of the whole text for a short one', () => {
    expect(findFeatures(database, ' zorgblat now!')[0]?.detection.span).toEqual({ start: 1, end: 14 });
  });
});

test('a long text makes several features, each of which is found alone', () => {
  const long = Array.from({ length: 30 }, (_, index) => `${FIRST.slice(index, index + 70)} ${index * 7919}`).join(' ');
  const features = featuresOf(long);
  expect(features.length).toBeGreaterThan(2);
  const own = databaseOf([long]);
  const found = findFeatures(own, long).map(({ detection }) => detection.featureId);
  expect(new Set(found)).toEqual(new Set(features.map(({ id }) => id)));
  expect(
    new Set(findFeatures(own, long.slice(0, 900)).map(({ detection }) => detection.featureId)).size,
  ).toBeGreaterThan(0);
});

test('a text of too few letters makes none', () => {
  expect(featuresOf('a!?')).toEqual([]);
});

describe('floods do not hide a feature', () => {
  it.each([
    ['a megabyte of one letter', 'a'.repeat(1 << 20)],
    ['a megabyte of invisible characters', '\u200b'.repeat(1 << 20)],
    ['its own beginning, again and again', 'The quondam bromblat '.repeat(2_000)],
    ['characters of every script', allCharacters()],
  ])('%s', (_, flood) => {
    expect(idsIn(`${flood} ${FIRST}`)).toEqual([idOf(FIRST)]);
    // Within it, nothing of it counts but what are letters.
    expect(idsIn(`${FIRST}${flood}`)).toEqual([idOf(FIRST)]);
  });
});

function allCharacters(): string {
  const characters: string[] = [];
  for (let codePoint = 0x20; codePoint < 0x30000; codePoint += 7) characters.push(String.fromCodePoint(codePoint));
  return characters.join('');
}

const PIECE = fc.oneof(
  fc.constantFrom(
    ...SENTENCES,
    'zorgblat now',
    ' ',
    '. ',
    '\ud83d',
    '😀',
    '\u200b',
    'ﷺ',
    '한국어',
    'aaaa',
    '㌖'.repeat(70),
    '𝒜𝓫',
    '\u200b'.repeat(300),
  ),
  fc.tuple(fc.constantFrom(...SENTENCES), fc.nat(100), fc.nat(100)).map(([text, from, to]) => text.slice(from, to)),
);

test('what is found does not depend on how the text was cut', () => {
  fc.assert(
    fc.property(
      fc.array(PIECE, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
      (pieces, sizes) => {
        const text = pieces.join('');
        expect(findFeatures(database, text, sizes)).toEqual(findFeatures(database, text));
      },
    ),
    { numRuns: 300 },
  );
});
