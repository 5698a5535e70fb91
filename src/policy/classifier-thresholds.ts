import type { Category, Direction } from '../core/index.js';

/**
 * Default `[flag, block]` of the classifier's probabilities, written by `npm run train`: the same numbers stand in the metadata of
 * the shipped model. Chosen on benign dev rows so that at most 2 % are flagged and 0.2 % blocked.
 */
export const CLASSIFIER_THRESHOLDS: Readonly<Record<Direction, Readonly<Record<Category, readonly [number, number]>>>> =
  {
    input: {
      abusive: [0.75, 0.97],
      bullying: [0.75, 0.97],
      harassment: [0.75, 0.97],
      discrimination: [0.75, 0.97],
      sexual: [0.75, 0.97],
      violence: [0.75, 0.97],
      minors: [0.75, 0.97],
      minor_persona: [0.75, 0.97],
      crime: [0.75, 0.97],
      impersonation: [0.75, 0.97],
    },
    output: {
      abusive: [0.75, 0.97],
      bullying: [0.75, 0.97],
      harassment: [0.75, 0.97],
      discrimination: [0.75, 0.97],
      sexual: [0.75, 0.97],
      violence: [0.75, 0.97],
      minors: [0.75, 0.97],
      minor_persona: [0.75, 0.97],
      crime: [0.75, 0.97],
      impersonation: [0.75, 0.97],
    },
  };
