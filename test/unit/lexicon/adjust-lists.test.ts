import { ConfigError } from '../../../src/core/index.js';
import { type Adjustments, adjustLists, buildLexicon, parseList, scanText } from '../../../src/lexicon/index.js';

const list = parseList({
  text: 'zorg | id en/zorg\nblat | id en/blat\nquux | id de/quux',
  file: 'abusive.txt',
  language: 'en',
  category: 'abusive',
});
const found = (adjustments: Partial<Adjustments>) => {
  const lists = adjustLists([list], { disable: [], override: [], ...adjustments }, 'my.yaml');
  return scanText(buildLexicon(lists), 'zorg blat quux').map(
    ({ termId, category, severity }) => `${termId} ${category} ${severity}`,
  );
};

describe('adjustLists', () => {
  it.each<[string, Partial<Adjustments>, string[]]>([
    ['nothing', {}, ['en/zorg abusive 2', 'en/blat abusive 2', 'de/quux abusive 2']],
    ['an id disabled', { disable: ['en/blat'] }, ['en/zorg abusive 2', 'de/quux abusive 2']],
    ['a pattern disabled', { disable: ['en/*'] }, ['de/quux abusive 2']],
    [
      'another severity',
      { override: [{ id: 'en/blat', severity: 4 }] },
      ['en/zorg abusive 2', 'en/blat abusive 4', 'de/quux abusive 2'],
    ],
    [
      'another category for a pattern, and the last override wins',
      {
        override: [
          { id: 'en/*', category: 'bullying', severity: 1 },
          { id: 'en/zorg', severity: 3 },
        ],
      },
      ['en/zorg bullying 3', 'en/blat bullying 1', 'de/quux abusive 2'],
    ],
  ])('%s', (_, adjustments, expected) => {
    expect(found(adjustments)).toEqual(expected);
  });

  it('names every unknown id with its nearest', () => {
    const adjust = () => found({ disable: ['en/blat', 'en/zorh'], override: [{ id: 'fr/*', severity: 1 }] });
    expect(adjust).toThrow(ConfigError);
    expect(adjust).toThrow(/my\.yaml: 2 problems/u);
    expect(adjust).toThrow(/lexicon\.disable\[1\]: no entry has the id 'en\/zorh'; did you mean 'en\/zorg'\?/u);
    expect(adjust).toThrow(/lexicon\.override\[0\]\.id: no entry has an id like 'fr\/\*'/u);
  });

  it('changes the version of the lexicon', () => {
    const version = (adjustments: Partial<Adjustments>) =>
      buildLexicon(adjustLists([list], { disable: [], override: [], ...adjustments }, '')).version;
    const versions = [{}, { disable: ['en/zorg'] }, { override: [{ id: 'en/zorg', severity: 3 as const }] }].map(
      version,
    );
    expect(new Set(versions).size).toBe(3);
  });
});
