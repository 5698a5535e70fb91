import fc from 'fast-check';
import { dropCitations, moveCitations, sameStartPoints } from '../../../src/adapters/move-citations.js';

const at = (start: number, end: number) => ({ type: 'url_citation', start_index: start, end_index: end });
const BEFORE = 'one quux two quux three';
const AFTER = 'one # two # three';

describe('moveCitations', () => {
  it.each<[name: string, citation: object, left: object[]]>([
    ['before the change', at(0, 3), [at(0, 3)]],
    ['behind it', at(18, 23), [at(12, 17)]],
    ['over it', at(0, 23), []],
    ['in it', at(5, 7), []],
    // Where two places changed, what stands between them is part of the change.
    ['between two changes', at(9, 12), []],
    ['of another kind', { type: 'file_citation', index: 0 }, [{ type: 'file_citation', index: 0 }]],
    ['one level deeper', { url_citation: at(18, 23) }, [{ url_citation: at(12, 17) }]],
  ])('moves or drops what stands %s', (_, citation, left) => {
    const list = [structuredClone(citation)];
    moveCitations(list, BEFORE, AFTER);
    expect(list).toEqual(left);
  });

  it('tells whether anything changed', () => {
    expect(moveCitations([at(0, 3)], BEFORE, BEFORE)).toBe(false);
    expect(moveCitations([at(18, 23)], BEFORE, AFTER)).toBe(true);
    expect(moveCitations(undefined, BEFORE, AFTER)).toBe(false);
  });

  it('drops what stands behind where units and code points move apart', () => {
    const list = [at(0, 1), at(8, 9)];
    moveCitations(list, 'a 😀quux b', 'a # b');
    expect(list).toEqual([at(0, 1)]);
  });

  it('points at the same words as before, whichever unit it counts in', () => {
    const TEXT = fc.array(fc.constantFrom('a', 'b', ' ', '😀', '你'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(TEXT, TEXT, TEXT, fc.constantFrom('#', '', '[#]'), fc.nat(20), fc.nat(9), (...drawn) => {
        const [start, middle, end, mask, from, length] = drawn;
        const [before, after] = [start + middle + end, start + mask + end];
        for (const read of [(text: string) => text.split(''), (text: string) => [...text]]) {
          const list = [at(from, from + length)];
          fc.pre(from + length <= read(before).length);
          moveCitations(list, before, after);
          for (const { start_index: first, end_index: last } of list) {
            expect(read(after).slice(first, last)).toEqual(read(before).slice(from, from + length));
          }
        }
      }),
    );
  });
});

it('dropCitations drops what ends behind a place', () => {
  const list = [at(0, 3), { url_citation: at(2, 5) }, { url: 'https://a' }];
  expect(dropCitations(list, 3)).toBe(true);
  expect(list).toEqual([at(0, 3), { url: 'https://a' }]);
  expect(dropCitations(undefined, 3)).toBe(false);
});

it('sameStartPoints counts code points', () => {
  expect(sameStartPoints('a😀quux', 'a😀#')).toBe(2);
});
