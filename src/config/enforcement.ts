import { z } from 'zod';
import { CATEGORIES, type Category } from '../core/index.js';

const weights = Object.fromEntries(
  CATEGORIES.map((category) => [category, z.number().min(0).max(1000).optional().describe('Strikes of one request.')]),
) as Record<Category, z.ZodOptional<z.ZodNumber>>;

const at = z.number().positive().describe('Strikes from which the step is taken.');
const minutes = z.int().min(1).max(5_256_000);

const step = z
  .discriminatedUnion('step', [
    z
      .strictObject({ step: z.literal('warn'), at, minutes: minutes.default(1440).describe('How long, in minutes.') })
      .describe('Answers carry the header `x-moderation-warning`.'),
    z
      .strictObject({
        step: z.literal('restrict'),
        at,
        paths: z
          .array(z.string().startsWith('/').describe('Glob over the request path.'))
          .min(1)
          .describe('Paths that are refused, such as `/v1/images/**`; all others stay open.'),
        minutes: minutes
          .optional()
          .describe('How long, in minutes; until somebody restores the subject when left out.'),
      })
      .describe('Some paths are refused.'),
    z
      .strictObject({ step: z.literal('cool-down'), at, minutes: minutes.describe('How long, in minutes.') })
      .describe('Every request is refused for a short while.'),
    z
      .strictObject({
        step: z.literal('suspend'),
        at,
        minutes: minutes
          .optional()
          .describe('How long, in minutes; until somebody restores the subject when left out.'),
      })
      .describe('Every request is refused.'),
  ])
  .describe('A step against a subject with many blocked requests.');

/** What happens to subjects whose requests are blocked again and again. */
export const EnforcementConfig = z
  .strictObject({
    expireDays: z
      .number()
      .positive()
      .max(3650)
      .default(30)
      .describe('Age from which a strike counts no more, in days.'),
    weights: z
      .strictObject(weights)
      .default({})
      .describe('Strikes of one blocked request by its category; 1 for those left out, the greatest of several.'),
    ladder: z
      .array(step)
      .min(1)
      .describe('The steps in rising order; reaching one takes it, and passing several takes them all.'),
  })
  .describe(
    'Steps against subjects whose requests are blocked again and again; nobody is told apart and nothing happens when left out. Needs `subject.from` and a store.',
  );

/** What happens to subjects whose requests are blocked again and again. */
export type EnforcementConfig = z.infer<typeof EnforcementConfig>;
