import { z } from 'zod';
import { days, environmentName } from './units.js';

/** The feature database: what is kept of content that was confirmed as violating, to find it when it comes again. */
export const FeaturesConfig = z
  .strictObject({
    keyEnv: environmentName
      .default('SLUICE_FEATURES_KEY')
      .describe(
        'Environment variable with the secret that features are made with, 16 characters or more; while it is not set, none are looked up. Features made with another secret are not found; deployments that exchange features need the same one.',
      ),
    automatic: z
      .strictObject({
        minScore: z
          .number()
          .min(0.5)
          .max(1)
          .default(0.995)
          .describe(
            'Score in [0, 1] of a list match from which the text around it becomes a feature; that of severity 4.',
          ),
        days: days.default(30).describe('Days after which such a feature expires.'),
      })
      .optional()
      .describe(
        'Whether texts that word lists block become features by themselves; none do when left out. Risk: what stands around such a match is taken with it, so whoever may send text can have harmless text blocked for all, until the feature expires or is revoked.',
      ),
  })
  .prefault({})
  .describe(
    'The database of content that was confirmed as violating: fingerprints, never text. Filled by `sluice features`.',
  );
