import { z } from 'zod';
import { CATEGORIES, type Category } from '../core/index.js';
import { days, environmentName } from './units.js';

const categories = Object.fromEntries(
  CATEGORIES.map((category) => [
    category,
    days.optional().describe(`Days that texts with hits of ${category} are kept; none is kept when left out.`),
  ]),
) as Record<Category, z.ZodOptional<typeof days>>;

/** Of which hits the text is kept, encrypted. */
export const EvidenceConfig = z
  .strictObject({
    categories: z
      .strictObject(categories)
      .default({})
      .describe('Categories whose texts are kept, encrypted, each with the days that it is kept. Built in: none.'),
    maxChars: z
      .int()
      .min(100)
      .max(100_000)
      .default(4000)
      .describe('Longest text that is kept of one text field, in UTF-16 code units, around its hits.'),
    keyEnv: environmentName
      .default('SLUICE_EVIDENCE_KEY')
      .describe(
        'Environment variable with the keys that protect kept texts, 64 hexadecimal digits each, separated by commas: the first encrypts, the others only read, until `sluice evidence rotate` has moved everything to the first.',
      ),
  })
  .prefault({})
  .describe(
    'Texts that are kept beside hits, for review. They are encrypted, and shown by `sluice evidence reveal` alone.',
  );

/** Of which hits the text is kept, encrypted. */
export type EvidenceConfig = z.infer<typeof EvidenceConfig>;
