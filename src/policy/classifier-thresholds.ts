import type { Category, Direction } from '../core/index.js';

/** `[flag, block]` of every category. */
type Table = Readonly<Record<Category, readonly [number, number]>>;

/**
 * Default `[flag, block]` of the classifier's probabilities, written by `npm run train`: the same numbers stand in the metadata of the
 * shipped model. Chosen so that at most 2 % of benign dev rows of every kind are flagged and 0.2 % blocked.
 */
export const CLASSIFIER_THRESHOLDS: Readonly<Record<Direction, Table>> = {
  input: {
    abusive: [0.9895, 0.9999],
    bullying: [0.9111, 0.9901],
    harassment: [0.6207, 0.7974],
    discrimination: [0.8358, 0.9619],
    sexual: [0.4687, 0.8297],
    violence: [0.7902, 0.8385],
    minors: [0.0232, 0.2309],
    minor_persona: [0.6319, 0.6837],
    crime: [0.9482, 0.9482],
    impersonation: [0.9257, 0.9257],
  },
  output: {
    abusive: [0.9941, 0.9995],
    bullying: [0.8414, 0.9723],
    harassment: [0.7933, 0.9657],
    discrimination: [0.9235, 0.9956],
    sexual: [0.6271, 0.8297],
    violence: [0.9167, 0.9962],
    minors: [0.1459, 0.8968],
    minor_persona: [0.5551, 0.6586],
    crime: [0.9922, 0.9989],
    impersonation: [0.5872, 0.8976],
  },
};
