import type { Category, Direction } from '../core/index.js';

/** `[flag, block]` of every category. */
type Table = Readonly<Record<Category, readonly [number, number]>>;

/**
 * Default `[flag, block]` of the classifier's probabilities, written by `npm run train`: the same numbers stand in the metadata of the
 * shipped model. Chosen so that at most 2 % of benign dev rows of every kind are flagged and 0.2 % blocked.
 */
export const CLASSIFIER_THRESHOLDS: Readonly<Record<Direction, Table>> = {
  input: {
    abusive: [0.9938, 0.9996],
    bullying: [0.9192, 0.9951],
    harassment: [0.635, 0.9395],
    discrimination: [0.9487, 0.9535],
    sexual: [0.7695, 0.8084],
    violence: [0.5442, 0.8815],
    minors: [0.1449, 0.1449],
    minor_persona: [0.02, 0.3363],
    crime: [0.9941, 0.9985],
    impersonation: [0.1902, 0.6213],
  },
  output: {
    abusive: [0.9959, 0.9999],
    bullying: [0.8605, 0.9797],
    harassment: [0.9395, 0.9395],
    discrimination: [0.8038, 0.9382],
    sexual: [0.9527, 0.9527],
    violence: [0.9073, 0.9575],
    minors: [0.6783, 0.7468],
    minor_persona: [0.02, 0.0831],
    crime: [0.9985, 0.9995],
    impersonation: [0.2855, 0.8573],
  },
};
