import { z } from 'zod';
import { CATEGORIES } from '../core/index.js';

/** What may be said of the entries of a list, whatever it comes from. */
export const listFields = {
  category: z
    .enum(CATEGORIES)
    .optional()
    .describe('Category of the entries; when left out, the name of the file says it. Needed with `inline`.'),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/, 'must be a language tag, such as en or zh')
    .optional()
    .describe('Language of the entries, for their ids; when left out, the folder of the file says it, else `und`.'),
  severity: z
    .union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)])
    .optional()
    .describe('Severity, 1 (mild) to 4 (severe), of the entries before the first header; 2 when left out.'),
};

/** One source of list entries as written in the config. */
export const ListConfig = z
  .union(
    [
      z.string().min(1).describe('`builtin`, a list file, or a folder of `<language>/<category>.txt`.'),
      z
        .strictObject({
          path: z.string().min(1).describe('List file or folder of lists, relative to the config file, or `builtin`.'),
          ...listFields,
          format: z
            .enum(['list', 'plain'])
            .optional()
            .describe(
              '`plain`: one term per line, nothing else has a meaning. `list`, the list format, when left out.',
            ),
        })
        .describe('A file or folder, and what its name does not say.'),
      z
        .strictObject({
          inline: z.string().min(1).describe('Text in the list format, in place of a path.'),
          ...listFields,
          category: z.enum(CATEGORIES).describe('Category of the entries.'),
        })
        .describe('A list that stands in the config.'),
    ],
    'must be `builtin`, a path, or an object with `path` or `inline`',
  )
  .describe('A source of list entries.');

/** One source of list entries as written in the config. */
export type ListConfig = z.infer<typeof ListConfig>;
