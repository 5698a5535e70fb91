import { buildLexicon, lexiconStats, lintLists, parseList, parsePlainList } from '../../../src/lexicon/index.js';

const list = (text: string, file = 'abusive.txt') => parseList({ text, file, language: 'en', category: 'abusive' });
const found = (...texts: string[]) =>
  lintLists(texts.map((text, index) => list(text, index === 0 ? 'a.txt' : 'b.txt'))).map(
    ({ file, line, kind, message }) => `${file}:${line} ${kind}: ${message}`,
  );

describe('lintLists', () => {
  it.each<[string, string, RegExp]>([
    ['a repeated term', 'zorg\nblat\n{zorg,quux}', /a\.txt:3 duplicate: "zorg" repeats "zorg" of a\.txt:1$/u],
    ['letters that are read alike', 'zörg\nzorg', /a\.txt:2 same-letters: "zorg" .* "zörg" of a\.txt:1$/u],
    ['a weaker repetition, though it comes first', 'zorg | severity 1\nzorg', /a\.txt:1 duplicate: .* of a\.txt:2$/u],
    [
      'repetitions of one entry once',
      '{zip,zap,zop}\n{zip,zap,quux}',
      /a\.txt:2 duplicate: .*and 1 more of the 3 terms\)$/u,
    ],
    ['a term inside a phrase', 'zorg\nthe zorg of it', /a\.txt:2 shadowed: "the zorg of it" .* "zorg" of a\.txt:1$/u],
    ['an open edge', 'zorg*\nzorgs', /a\.txt:2 shadowed: "zorgs" is always found by "zorg\*" of a\.txt:1$/u],
    ['an open edge of the same letters', 'zorg*\nzorg', /a\.txt:2 shadowed: "zorg" is always found by "zorg\*"/u],
    ['an exact term beside itself in any case', 'Zorg | exact\nzorg', /a\.txt:1 duplicate: /u],
    ['a Chinese term in another', '坏东西话\n你坏东西话呀', /a\.txt:2 shadowed: /u],
    ['an allow-phrase no longer than the term', 'zorg\n!zorg', /a\.txt:2 idle-allow: "!zorg" spares nothing/u],
    ['an allow-phrase without a term', 'zorg\n!quux blat', /a\.txt:2 idle-allow: /u],
    ['a term without letters', '?!', /a\.txt:1 no-letters: "\?!" holds no letter/u],
    ['a short word', '[severity 3]\nzog', /a\.txt:2 short-word: "zog" is a word of 3 letters or fewer at severity 3/u],
    ['many terms', '{1..50} {1..50}', /a\.txt:1 many-terms: expands to 2500 terms/u],
    ['a severe entry with an excuse', 'zorgs | unless cake | severity 4', /a\.txt:1 unless-at-4: /u],
    [
      'near with no room',
      'zorg | near storm | within 0',
      /a\.txt:1 dead-condition: `near` "storm" can never stand within 0/u,
    ],
    ['near without letters', 'zorg | near ?', /a\.txt:1 dead-condition: `near` "\?" holds no letter/u],
    ['an excuse for every condition', 'zorg | near a, b | unless b, a, c', /a\.txt:1 dead-condition: never counts/u],
  ])('warns of %s', (_, text, expected) => {
    expect(found(text)).toEqual([expect.stringMatching(expected)]);
  });

  it.each([
    ['a severer entry with a condition beside a mild one', 'zorg | severity 1\nzorg | near storm | severity 3'],
    ['two conditions for one term', 'zorg | near storm\nzorg | near hail'],
    ['a word that only begins like another', 'zorg\nzorgs'],
    ['the reverse of an open edge', 'zorg | severity 3\nzorg*'],
    ['terms of one entry in each other', '{,the} zorg'],
    ['exact terms in two cases', 'ZORG | exact\nZorg | exact'],
    ['an allow-phrase longer than its term', 'zorg\n!zorg city'],
    ['a short word with a condition', 'zog | near storm | severity 3'],
    ['a short Chinese word', '坏东 | severity 3'],
    ['a short word as it is written', 'ZOG | exact | severity 3'],
    ['Chinese close to its condition', '坏东西话 | near 你们 | within 0'],
    ['phrases across two terms', 'zip\nzap\nzip zap quux | severity 3'],
  ])('does not warn of %s', (_, text) => {
    expect(found(text)).toEqual([]);
  });

  it('sees repetitions across lists, not across categories', () => {
    expect(found('zorg', 'zorg')).toEqual(['b.txt:1 duplicate: "zorg" repeats "zorg" of a.txt:1']);
    const crime = parseList({ text: 'zorg', file: 'c.txt', language: 'en', category: 'crime' });
    expect(lintLists([list('zorg'), crime])).toEqual([]);
  });

  it('finds no warning in a plain list of distinct words', () => {
    const source = { text: 'zorg\nZORG\nblat {a}', file: 'p.txt', language: 'en', category: 'abusive' as const };
    expect(lintLists([parsePlainList(source)])).toEqual([]);
  });
});

describe('lexiconStats', () => {
  it('counts by language, category and severity, and names what costs most', () => {
    const stats = lexiconStats(
      buildLexicon([
        list('zorg\n{1..9} blat | near {x,y} z\n[severity 4]\nquux | id q\n!zorg city'),
        parseList({ text: 'zip', file: 'c.txt', language: 'de', category: 'crime' }),
      ]),
    );
    expect(stats).toMatchObject({ entries: 4, terms: 12, conditionPhrases: 2, allowPhrases: 1 });
    expect(stats.counts).toEqual([
      { language: 'de', category: 'crime', severity: 2, entries: 1, terms: 1, conditionPhrases: 0 },
      { language: 'en', category: 'abusive', severity: 2, entries: 2, terms: 10, conditionPhrases: 2 },
      { language: 'en', category: 'abusive', severity: 4, entries: 1, terms: 1, conditionPhrases: 0 },
    ]);
    expect(stats.costliest[0]).toMatchObject({
      source: { file: 'abusive.txt', line: 2 },
      terms: 9,
      conditionPhrases: 2,
    });
    expect(stats.states.plain).toBeGreaterThan(12);
    expect(stats.tableBytes).toBeGreaterThan(0);
  });
});
