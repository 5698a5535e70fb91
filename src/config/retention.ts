import { z } from 'zod';
import { CATEGORIES, type Category } from '../core/index.js';
import { days } from './units.js';

/** How long things are kept. */
export const RetentionConfig = z
  .strictObject({
    days: days.optional().describe('Days that hits are kept; for ever when left out.'),
    categories: z
      .strictObject(
        Object.fromEntries(
          CATEGORIES.map((category) => [category, days.optional().describe(`Days that hits of ${category} are kept.`)]),
        ) as Record<Category, z.ZodOptional<typeof days>>,
      )
      .prefault({})
      .describe('The same for single categories.'),
    uncategorized: days
      .optional()
      .describe(
        'The same for entries about texts in which nothing was found: unscreened, failed open, filtered upstream.',
      ),
    appeals: days.default(365).describe('Days that appeals are kept, decided or not.'),
  })
  .prefault({})
  .describe('When the proxy erases what is in the record; the hash chain stays whole.');
