import { z } from 'zod';

/** How users complain about blocks. */
export const AppealsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether the proxy takes appeals, at `/sluice/appeals`. They need a store.'),
    maxRequests: z
      .int()
      .min(1)
      .default(20)
      .describe('Appeals, and questions about them, of one client within the time; further ones get 429.'),
    perSeconds: z.int().min(1).max(86_400).default(3600).describe('That time, in seconds.'),
    maxOpen: z
      .int()
      .min(1)
      .default(10_000)
      .describe('Appeals that may wait for a decision; while so many do, no more are taken.'),
    allowList: z
      .string()
      .min(1)
      .optional()
      .describe(
        'List file, relative to the config file, that overturned appeals add allow-phrases to; read as one of `lists` once it is there.',
      ),
  })
  .prefault({})
  .describe('How users complain about blocks, by the reference in the notice.');

/** How users complain about blocks. */
export type AppealsConfig = z.infer<typeof AppealsConfig>;
