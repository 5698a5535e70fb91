import type { NetworkOptions } from './network.js';

/** The options that the shipped model was trained with; `EXPERIMENTS.md` says how they were chosen. */
export const USUAL_NETWORK: NetworkOptions = {
  hidden: 32,
  gramRate: 0.1,
  wordRate: 0.05,
  denseRate: 0.05,
  gramDropout: 0.2,
  wordDropout: 0.1,
  hiddenDropout: 0.2,
  listDropout: 0.2,
  useGrams: true,
  useWords: true,
  useLists: true,
};

/** The baseline that every model is compared with: n-grams alone. */
export const BASELINE_NETWORK: NetworkOptions = {
  ...USUAL_NETWORK,
  useWords: false,
  useLists: false,
  gramDropout: 0,
};
