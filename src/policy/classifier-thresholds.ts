import type { Category, Direction } from '../core/index.js';

/** `[flag, block]` of every category. */
type Table = Readonly<Record<Category, readonly [number, number]>>;

/**
 * Default `[flag, block]` of the classifier's probabilities, written by `npm run train`: the same numbers stand in the metadata of the
 * shipped model. Chosen so that at most 2 % of benign dev rows of every kind are flagged and 0.2 % blocked.
 */
export const CLASSIFIER_THRESHOLDS: Readonly<Record<Direction, Table>> = {
  input: {
    abusive: [0.9683, 0.9977],
    bullying: [0.8584, 0.9757],
    harassment: [0.599, 0.8039],
    discrimination: [0.803, 0.9833],
    sexual: [0.5336, 0.895],
    violence: [0.6173, 0.854],
    minors: [0.3343, 0.7098],
    minor_persona: [0.2632, 0.7526],
    crime: [0.6636, 0.9533],
    impersonation: [0.2373, 0.4984],
  },
  output: {
    abusive: [0.9455, 0.9977],
    bullying: [0.8584, 0.9588],
    harassment: [0.6661, 0.9331],
    discrimination: [0.7917, 0.9833],
    sexual: [0.5935, 0.9418],
    violence: [0.727, 0.9697],
    minors: [0.3343, 0.7756],
    minor_persona: [0.7526, 0.8591],
    crime: [0.9599, 0.9979],
    impersonation: [0.4984, 0.6081],
  },
};
