import type { Category, Direction } from '../core/index.js';

/** `[flag, block]` of every category. */
type Table = Readonly<Record<Category, readonly [number, number]>>;

/**
 * Default `[flag, block]` of the classifier's probabilities, written by `npm run train`: the same numbers stand in the metadata of the
 * shipped model. Chosen so that at most 2 % of benign dev rows of every kind are flagged and 0.2 % blocked.
 */
export const CLASSIFIER_THRESHOLDS: Readonly<Record<Direction, Table>> = {
  input: {
    abusive: [0.998, 0.9996],
    bullying: [0.9898, 0.9928],
    harassment: [0.5083, 0.768],
    discrimination: [0.8866, 0.9722],
    sexual: [0.6678, 0.9069],
    violence: [0.3241, 0.6997],
    minors: [0.1081, 0.3165],
    minor_persona: [0.0609, 0.6896],
    crime: [0.9813, 0.9813],
    impersonation: [0.457, 0.7867],
  },
  output: {
    abusive: [0.9851, 0.9987],
    bullying: [0.8, 0.9674],
    harassment: [0.7971, 0.9232],
    discrimination: [0.9096, 0.9754],
    sexual: [0.5631, 0.9396],
    violence: [0.8926, 0.9692],
    minors: [0.3078, 0.93],
    minor_persona: [0.6503, 0.905],
    crime: [0.9903, 0.9984],
    impersonation: [0.3692, 0.8038],
  },
};
