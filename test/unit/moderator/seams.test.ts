import fc from 'fast-check';
import type { Direction } from '../../../src/core/index.js';
import { buildLexicon, parseList, scanText } from '../../../src/lexicon/index.js';
import { Moderator, type SeamVerdict, TURN_CHARS } from '../../../src/moderator/index.js';
import { testModerator, testPolicy } from '../../support/moderation.js';

const options = { direction: 'output' as Direction, policy: testPolicy({}) };

/** What is found, as the text of each hit in the texts laid end to end. */
async function seams(...texts: string[]): Promise<string[]> {
  return foundIn(texts, await testModerator().moderateSeams(texts, options));
}

function foundIn(texts: readonly string[], verdicts: readonly SeamVerdict[]): string[] {
  return verdicts.flatMap(({ texts: over, verdict }) =>
    verdict.hits.map(
      ({ span }) =>
        `${over}: ${over
          .map((at) => texts[at])
          .join('')
          .slice(span.start, span.end)}`,
    ),
  );
}

describe('texts that are read one after another', () => {
  it.each([
    ['a word cut in two', ['say zor', 'gblat now'], ['0,1: zorgblat']],
    ['one letter apart', ['say z', 'orgblat now'], ['0,1: zorgblat']],
    ['the last letter apart', ['say zorgbla', 't now'], ['0,1: zorgblat']],
    ['a letter per text', [...'zorgblat'], ['0,1,2,3,4,5,6,7: zorgblat']],
    ['three parts', ['a zo', 'rgb', 'lat'], ['0,1,2: zorgblat']],
    ['spaces at the cut', ['zor ', '\n gblat'], ['0,1: zor \n gblat']],
    ['an empty text at the cut', ['zor', '', ' ', 'gblat'], ['0,1,2,3: zor gblat']],
    ['a disguise', ['Z0\u200brg', 'BL\u00e1t'], ['0,1: Z0\u200brgBL\u00e1t']],
    ['far behind the start of a long text', [`${'x '.repeat(9000)}zor`, 'gblat'], ['0,1: zorgblat']],
    ['texts around it', ['well', 'say', 'zor', 'gblat', 'now', 'please'], ['2,3: zorgblat']],
    ['a letter per text, with texts around it', ['well', ...'zorgblat', 'now'], ['1,2,3,4,5,6,7,8: zorgblat']],
    ['two cuts', ['zor', 'gblat, gru', 'mpf'], ['0,1: zorgblat', '1,2: grumpf']],
  ])('hold a term over %s', async (_, texts, found) => {
    expect(await seams(...texts)).toEqual(found);
  });

  it.each([
    ['a term that stands in one text', ['zorgblat', 'grumpf']],
    ['a term that ends where a text ends', ['a zorgblat', 'is fine']],
    ['a word that goes on', ['a zor', 'gblatter']],
    ['a word that begins before', ['azor', 'gblat']],
    ['words that only end to end are one', ['well zor', 'and', 'gblat']],
    ['another text between', ['zor', 'well', 'gblat']],
    ['an allow-phrase over the cut', ['zorgblat', 'city']],
    ['one text', ['zor gblat']],
    ['nothing', []],
  ])('hold none in %s', async (_, texts) => {
    expect(await seams(...texts)).toEqual([]);
  });

  it('hold a phrase that is cut between its words, and not one whose allow-phrase goes on', async () => {
    const text = '[severity 3]\nzorg blat\n!zorg blat city\n';
    const list = parseList({ text, file: 'test.txt', language: 'en', category: 'abusive' });
    const moderator = new Moderator({ lexicon: buildLexicon([list]), cacheMaxBytes: 0 });
    const found = async (...texts: string[]) => foundIn(texts, await moderator.moderateSeams(texts, options));
    expect(await found('a zorg', 'blat b')).toEqual(['0,1: zorgblat']);
    expect(await found('a zorg', 'blat city')).toEqual([]);
  });

  it('get the action that the policy has for a list match', async () => {
    const verdicts = await testModerator().moderateSeams(['zor', 'gblat', 'gru', 'mpf'], options);
    expect(verdicts.map(({ verdict }) => [verdict.action, verdict.hits[0]?.termId?.split('/')[1]])).toEqual([
      ['redact', 'abusive'],
      ['block', 'abusive'],
    ]);
  });

  it('are found wherever a term is cut, in any surroundings, and with a cache as without', async () => {
    const words = fc.array(fc.constantFrom('well', 'a', 'fine', 'zorg', '\u3042', '7'), { maxLength: 40 });
    const moderators = [testModerator(), new Moderator({ lexicon: lexiconOf('zorgblat'), cacheMaxBytes: 0 })];
    await fc.assert(
      fc.asyncProperty(words, words, fc.integer({ min: 1, max: 7 }), async (before, after, cut) => {
        const texts = [[...before, 'zorgblat'.slice(0, cut)].join(' '), ['zorgblat'.slice(cut), ...after].join(' ')];
        expect(scanText(lexiconOf('zorgblat'), texts.join('')).length).toBeGreaterThan(0);
        for (const moderator of moderators) {
          expect(foundIn(texts, await moderator.moderateSeams(texts, options))).toEqual(['0,1: zorgblat']);
          expect(foundIn(texts, await moderator.moderateSeams(texts, options))).toEqual(['0,1: zorgblat']);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('lets other work run while many are judged', async () => {
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    await testModerator().moderateSeams(Array(TURN_CHARS / 16).fill('well'), options);
    over = true;
    expect(turns).toBeGreaterThan(2);
  });
});

const lexicons = new Map<string, ReturnType<typeof buildLexicon>>();

function lexiconOf(term: string): ReturnType<typeof buildLexicon> {
  const known = lexicons.get(term);
  if (known !== undefined) return known;
  const list = parseList({ text: `[severity 3]\n${term}\n`, file: 'test.txt', language: 'en', category: 'abusive' });
  const built = buildLexicon([list]);
  lexicons.set(term, built);
  return built;
}

describe('a conversation that is sent again', () => {
  it('is judged anew only in the message that is new', async () => {
    let judged = 0;
    const moderator = testModerator(
      countingClassifier(() => {
        judged += 1;
      }),
    );
    const messages = Array.from({ length: 20 }, (_, index) => `message number ${index} of a long talk`);
    await moderator.moderateAll(
      messages.map((text) => ({ text })),
      options,
    );
    expect(judged).toBe(20);
    await moderator.moderateAll(
      [...messages, 'one more'].map((text) => ({ text })),
      options,
    );
    expect(judged).toBe(21);
  });
});

function countingClassifier(count: () => void) {
  const scores = new Float32Array(10);
  return {
    version: 'counting',
    backend: 'kernel',
    score: () => scores,
    begin: () => {
      count();
      return { append: () => undefined, scores: () => scores };
    },
    dispose: () => undefined,
  };
}
