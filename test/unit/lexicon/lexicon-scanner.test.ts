import fc from 'fast-check';
import { buildLexicon, LexiconScanner, parseList, scanText } from '../../../src/lexicon/index.js';

const LIST = `
[severity 3]
zorgblat{,s}
i will <verb> you
*quux*
grumpf | unless grumpf cake
blip | near storm
你妈逼
坏东西话
foobar {1..3} year
!zorgblat city
`;
const lexicon = buildLexicon([
  parseList({ text: `@set verb = zap, frob\n${LIST}`, file: 'test.txt', language: 'en', category: 'abusive' }),
]);
const wholeOf = (text: string) => {
  const scanner = new LexiconScanner(lexicon);
  scanner.feed(text);
  scanner.end();
  return scanner.take();
};
const found = (text: string) => scanText(lexicon, text).map(({ span }) => text.slice(span.start, span.end));

describe('LexiconScanner', () => {
  it.each([
    ['plain', 'a zorgblat here', ['zorgblat']],
    ['case and end of text', 'ZorgBlat', ['ZorgBlat']],
    ['inside another word', 'zorgblatting', []],
    ['open edges', 'aquuxb', ['quux']],
    ['repeated letters', 'zzorrgblaaat!', ['zzorrgblaaat']],
    ['missing letter', 'zogblat', []],
    ['leet', 'z0rgbl4t', ['z0rgbl4t']],
    ['leet symbol inside', 'zorgbl@t', ['zorgbl@t']],
    ['full width', 'ｚｏｒｇｂｌａｔ', ['ｚｏｒｇｂｌａｔ']],
    ['zero width', 'zor\u200bgbl\u200dat', ['zor\u200bgbl\u200dat']],
    ['diacritics', 'zörgblát', ['zörgblát']],
    ['look-alikes', 'zоrgblаt', ['zоrgblаt']],
    ['spelled out', 'x z o r g b l a t.', ['z o r g b l a t']],
    ['spelled out with dots', 'z.o.r.g.b.l.a.t', ['z.o.r.g.b.l.a.t']],
    ['phrase with a set', 'so I will   frob you.', ['I will   frob you']],
    ['range', 'foobar 2 year', ['foobar 2 year']],
    ['allow-phrase', 'zorgblat city', []],
    ['allow-phrase cut short', 'zorgblat cit', ['zorgblat']],
    ['unless', 'a grumpf cake', []],
    ['unless elsewhere', 'a grumpf pie', ['grumpf']],
    ['near missing', 'blip', []],
    ['near behind', 'storm and blip', ['blip']],
    ['near ahead', 'blip in the storm', ['blip']],
    ['Chinese', '坏东西话呀', ['坏东西话']],
    ['Latin next to Chinese', '他zorgblat吗', ['zorgblat']],
    ['digits alone are never letters', '2048 4815', []],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('answers for every string, with spans in range', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { span } of scanText(lexicon, text))
          expect(span.start < span.end && span.end <= text.length).toBe(true);
      }),
    );
  });

  it('decides the same however the text is cut, and never behind its release point', () => {
    const words = fc.constantFrom(
      'zorgblat',
      'zorgblat city',
      'grumpf',
      ' cake',
      'i will ',
      'zap you',
      ' ',
      'z.o.r.g',
      'q"',
      'g-',
      '" ',
      '坏东西',
      '话',
      '\u200b',
      'quux',
      'blip',
      ' storm',
      '@',
      '\ud83d',
      '\ude00',
      'e\u0301',
    );
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 25 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
        (parts, sizes) => {
          const text = parts.join('');
          const scanner = new LexiconScanner(lexicon);
          const taken = [];
          let released = 0;
          for (let at = 0; at < text.length; ) {
            const size = sizes.next().value as number;
            scanner.feed(text.slice(at, at + size));
            at += size;
            for (const detection of scanner.take()) {
              expect(detection.span.start).toBeGreaterThanOrEqual(released);
              taken.push(detection);
            }
            expect(scanner.releasePoint).toBeGreaterThanOrEqual(released);
            released = scanner.releasePoint;
          }
          scanner.end();
          for (const detection of scanner.take()) {
            expect(detection.span.start).toBeGreaterThanOrEqual(released);
            taken.push(detection);
          }
          expect(taken).toEqual(wholeOf(text));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a scanner that has read much', () => {
  it.each([
    ['spelled out with marks', 'z.o.r.g.b.l.a.t '],
    ['symbols for letters', 'z@rgbl@t zorgbl@t '],
    ['Chinese with marks', '你-妈-逼 '],
    ['a phrase', 'i will zap you '],
  ])('forgets what is behind it, and nothing of a match: %s', (_, text) => {
    const expected = scanText(lexicon, ` ${text}`).map(({ span }) => span.start - 1);
    expect(expected).not.toEqual([]);
    for (const filler of ['well ', '好的', 'a.b ']) {
      for (let length = 8180; length < 8200; length += 1) {
        const before = `${filler.repeat(4100).slice(0, length)} `;
        const scanner = new LexiconScanner(lexicon);
        scanner.feed(before.slice(0, -12));
        for (const unit of before.slice(-12) + text) scanner.feed(unit);
        scanner.end();
        expect(scanner.take().map(({ span }) => span.start - before.length)).toEqual(expected);
      }
    }
  });

  it('finds a match once, however many sound marks stand behind it', () => {
    expect(scanText(lexicon, `你妈逼${'ﾞ'.repeat(5)}。`).map(({ span }) => span)).toEqual([{ start: 0, end: 8 }]);
  });
});

describe('parseList', () => {
  it('names file, line and reason of every bad line', () => {
    const text = '[severity 9]\nok\nzorg | colour red\nzorg {a,b\n<nope>\n';
    expect(() => parseList({ text, file: 'mine/abusive.txt', language: 'en', category: 'abusive' })).toThrow(
      /mine\/abusive\.txt:1: .*\nmine\/abusive\.txt:3: unknown option "colour".*\nmine\/abusive\.txt:4: "\{" without "\}"\nmine\/abusive\.txt:5: unknown set <nope>/u,
    );
  });
});
