import { LexiconError } from '../../../src/core/index.js';
import { type ListConfig, loadLexicon, loadLists, scanText } from '../../../src/lexicon/index.js';
import { TempFolder } from '../../support/temp-folder.js';

const folder = new TempFolder();
folder.write('lists/en/abusive.txt', '[severity 3]\nzorgblat\nblip | near storm\n');
folder.write('lists/zh/sexual.txt', 'quux\n');
folder.write('bad-words.txt', '\uFEFF# a comment\r\nZorg {Blat}\r\n\r\nfoo|bar\r\nzorg {blat}\r\n!blip\r\n');
folder.write('own.txt', 'grumpf\n[severity 4]\nkuttle\n');
folder.write('named/abusive.txt', 'zorgblat\n');
folder.write('latin1.txt', Buffer.from([0x7a, 0xfc, 0x72]));
folder.write('broken/abusive.txt', 'ok\n{a\n');

const load = (...lists: ListConfig[]) => loadLists({ lists, baseDir: folder.path });
const entriesOf = (...lists: ListConfig[]) => {
  const { lists: parsed, issues } = load(...lists);
  expect(issues).toEqual([]);
  return parsed.flatMap(({ entries }) =>
    entries.map(({ language, category, severity, terms }) => ({
      term: terms.map(({ text }) => text).join(),
      as: `${language} ${category} ${severity}`,
    })),
  );
};

describe('the forms of a list', () => {
  it.each<[string, ListConfig, [string, string][]]>([
    [
      'a folder',
      'lists',
      [
        ['zorgblat', 'en abusive 3'],
        ['blip', 'en abusive 3'],
        ['quux', 'zh sexual 2'],
      ],
    ],
    ['a file', 'lists/zh/sexual.txt', [['quux', 'zh sexual 2']]],
    ['a folder whose name is no language', 'named', [['zorgblat', 'und abusive 2']]],
    [
      'a file with what its name does not say',
      { path: 'own.txt', category: 'crime', language: 'fr', severity: 1 },
      [
        ['grumpf', 'fr crime 1'],
        ['kuttle', 'fr crime 4'],
      ],
    ],
    [
      'one term per line: no syntax, no repetitions',
      { path: 'bad-words.txt', category: 'abusive', language: 'en', severity: 3, format: 'plain' },
      [
        ['Zorg {Blat}', 'en abusive 3'],
        ['foo|bar', 'en abusive 3'],
        ['!blip', 'en abusive 3'],
      ],
    ],
    [
      'text in the config',
      { inline: '{zip,zap} it\n[severity 4]\nzop', category: 'violence', severity: 1 },
      [
        ['zip it,zap it', 'und violence 1'],
        ['zop', 'und violence 4'],
      ],
    ],
  ])('%s', (_, list, expected) => {
    expect(entriesOf(list)).toEqual(expected.map(([term, as]) => ({ term, as })));
  });

  it('finds the terms of a plain list as those of any other', () => {
    const lists = [{ path: 'bad-words.txt', category: 'abusive', format: 'plain' } as const];
    const lexicon = loadLexicon({ lists, baseDir: folder.path });
    expect(scanText(lexicon, 'some Z0RG BLAT here').map(({ span }) => span)).toEqual([{ start: 5, end: 14 }]);
  });

  it.each<[string, ListConfig, RegExp]>([
    [
      'a file that names no category',
      'own.txt',
      /own\.txt:0: is not named after a category.*"category" beside its path/u,
    ],
    ['a path that is not there', 'nowhere', /nowhere:0: cannot be read/u],
    ['bytes that are no UTF-8', { path: 'latin1.txt', category: 'abusive' }, /latin1\.txt:0: is not UTF-8/u],
    ['a bad line in the config', { inline: 'a\n{b', category: 'abusive' }, /^lists\[1\]\.inline:2: /u],
    ['an id that is a pattern', { inline: 'a | id en/*', category: 'abusive' }, /holds no space and no "\*"/u],
    ['two entries of one id', { inline: 'a | id x\nb | id x', category: 'abusive' }, /inline:2: id "x" .* line 1/u],
  ])('refuses %s', (_, list, message) => {
    expect(() => loadLexicon({ lists: ['broken', list], baseDir: folder.path })).toThrow(LexiconError);
    const { issues } = load('lists', list);
    expect(issues.map((issue) => `${issue.file}:${issue.line}: ${issue.message}`)).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it('reads on behind a list that is wrong', () => {
    const { lists, issues } = load('broken', 'nowhere', 'named');
    expect(issues).toHaveLength(2);
    expect(lists.flatMap(({ entries }) => entries)).toHaveLength(1);
  });

  it('lets an allow-phrase of a user list spare a hit of a built-in entry', () => {
    const [builtin] = loadLists({ lists: ['builtin'], baseDir: '.' }).lists;
    const plain = builtin?.entries.find(
      ({ severity, conditions, exact }) => severity > 1 && conditions.length === 0 && !exact,
    );
    const term = plain?.terms[0]?.text ?? '';
    expect(term).not.toBe('');
    const inline = { inline: `!${term} zorgville`, category: 'abusive' } as const;
    const lexicon = loadLexicon({
      lists: ['builtin', inline],
      baseDir: '.',
      adjustments: { disable: ['zh/*', 'ja/*', 'ko/*', 'hi/*', 'ru/*', 'es/*', 'fr/*', 'de/*', 'pt/*'], override: [] },
    });
    const ids = (text: string) => scanText(lexicon, text).map(({ termId }) => termId);
    expect(ids(`a ${term} b`)).toContain(plain?.id);
    expect(ids(`a ${term} zorgville b`)).not.toContain(plain?.id);
  });
});

describe('ids', () => {
  const idsOf = (...texts: string[]) =>
    load(...texts.map((inline) => ({ inline, category: 'abusive' }) as const)).lists.map(({ entries }) =>
      entries.map(({ id }) => id),
    );

  it('stay when options and sets change', () => {
    const [before, after] = [
      idsOf('@set v = zip\n<v> it | severity 1'),
      idsOf('# new\n@set v = zip, zap\n[severity 3]\n<v> it'),
    ];
    expect(after).toEqual(before);
  });

  it('differ for one term on two lines, also for the same line twice', () => {
    const [ids = []] = idsOf('blip | near a\nblip | near b\nblip | near b');
    expect(new Set(ids).size).toBe(3);
  });

  it('are numbered when a later list has them too', () => {
    const [[first] = [], [second] = []] = idsOf('blip', 'blip');
    expect(second).toBe(`${first}-2`);
  });

  it('are unique among the built-in entries', () => {
    const ids = loadLists({ lists: ['builtin'], baseDir: '.' }).lists.flatMap(({ entries }) =>
      entries.map(({ id }) => id),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('come with a place in the package for built-in entries', () => {
    const { lists } = load('builtin');
    expect(lists[0]?.entries[0]?.source.file).toMatch(/^models\/lexicon\/\w+\/\w+\.txt$/u);
  });
});
