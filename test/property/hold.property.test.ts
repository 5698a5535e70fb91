import fc from 'fast-check';
import { checkHoldWorld, type HoldTally } from '../support/hold-check.js';
import { HOLD_WIRES } from '../support/hold-wires.js';
import { holdWorlds } from '../support/hold-world.js';

const TEXTS_OF_A_WORLD = 25;
/** More in `npm run prove`. */
const TEXTS = process.env['CI'] === undefined ? 1000 : 10_000;

it(`lets nothing of a blocked or redacted span leave, in ${TEXTS} streams`, () => {
  const tally: HoldTally = new Map();
  fc.assert(
    fc.property(holdWorlds(TEXTS_OF_A_WORLD), (world) => checkHoldWorld(world, tally)),
    { numRuns: TEXTS / TEXTS_OF_A_WORLD },
  );
  // A run in which nothing is ever found would prove nothing.
  for (const seen of ['action redact', 'action block', 'hit of the lexicon', 'hit of the classifier', 'through sse']) {
    expect(tally.get(seen)).toBeGreaterThan(TEXTS / 50);
  }
}, 900_000);

describe('what the property has found before', () => {
  const usual = {
    before: '',
    mode: 'adaptive',
    maxHoldChars: undefined,
    maxHoldMs: undefined,
    onHoldLimit: 'block',
    sizes: [1],
  } as const;
  it.each([
    ['list hits that only the end decides', 'し | severity 2', 'し し', {}],
    ['the same, behind the last step', '你 | severity 2', '你 你 你', {}],
    ['the last letter of a word spelled out', 'a しし | severity 3', 'A .しし. しし', {}],
    ['a sound mark behind the last letter', 'カバ | severity 3', 'ｶﾊﾞ', {}],
    [
      'masks side by side, text between them let go',
      'a | severity 2\na aa aa a | severity 4',
      'a. .a.a. .a.a. .a.',
      { maxHoldChars: 1, onHoldLimit: 'release' },
    ],
    ['a bound on length amid a step', 'k | severity 2', 'kk ', { maxHoldChars: 1 }],
    [
      'a block amid a surrogate pair, for a mark has looked ahead',
      'ab 坏坏你你 | severity 4',
      'o ab 坏坏你你 😀',
      { mode: 'none' },
    ],
    [
      'a pair of which half has waited too long',
      'a | severity 3',
      'a😀',
      { mode: 'answer', maxHoldMs: 1, onHoldLimit: 'release' },
    ],
    ['a mark whose meaning the next character tells', '!bb xx\nb* | severity 3', 'bb. bb ', { mode: 'none' }],
  ] as const)('%s', (_, list, text, how) => {
    const cuts = [[1], [2], [2, 1], [3]];
    for (const wire of HOLD_WIRES.keys()) {
      const texts = [{ ...usual, ...how, text, sizes: cuts[wire % cuts.length] ?? [1] }];
      checkHoldWorld({ list, mask: '#', texts, wire, byteSizes: [1], escapes: wire % 2 === 0 });
    }
  });
});
