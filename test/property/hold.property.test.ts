import fc from 'fast-check';
import { checkHoldWorld, type HoldTally } from '../support/hold-check.js';
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
}, 120_000);
