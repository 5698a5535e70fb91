import { ReleasedTexts } from '../../../src/adapters/released-texts.js';

describe('what has left of the text of a channel', () => {
  it.each<[name: string, steps: [arrived: string, left: string, same: boolean][], differs: boolean]>([
    [
      'all of it',
      [
        ['a', 'a', true],
        ['b', 'b', true],
      ],
      false,
    ],
    [
      'all of it, some later',
      [
        ['zo', '', false],
        ['n ', 'zon ', false],
        ['b', 'b', true],
      ],
      false,
    ],
    ['not the end', [['a zo', 'a ', false]], true],
    [
      'what arrives equals what waits',
      [
        ['ab', '', false],
        ['ab', 'ab', false],
        ['', 'ab', false],
        ['c', 'c', true],
      ],
      false,
    ],
    [
      'another text',
      [
        ['bad', '#', false],
        ['fine', 'fine', false],
      ],
      true,
    ],
    ['nothing of a blocked one', [['bad', '', false]], true],
  ])('%s', (_, steps, differs) => {
    const released = new ReleasedTexts();
    expect(steps.map(([arrived, left]) => released.pass('a', arrived, left))).toEqual(steps.map(([, , same]) => same));
    expect(released.differs).toBe(differs);
  });

  it('keeps channels apart', () => {
    const released = new ReleasedTexts();
    expect(released.pass('a', 'zo', '')).toBe(false);
    expect(released.pass('b', 'fine', 'fine')).toBe(true);
  });
});
