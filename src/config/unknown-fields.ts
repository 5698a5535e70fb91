import { z } from 'zod';

const effect = z.enum(['allow', 'flag', 'block']);

/** What happens to texts under keys that a format does not know, by direction. */
export const UnknownFieldsConfig = z
  .strictObject({
    input: effect
      .optional()
      .describe(
        'In requests: `allow` judges them and no more, `flag` also records and counts them, `block` refuses the request with 400. Built in: `allow`.',
      ),
    output: effect
      .optional()
      .describe(
        'In answers: as for `input`; `block` withholds a whole answer with 502 and ends a stream with an error. Built in: `allow`.',
      ),
  })
  .describe(
    'What happens to texts under keys that the format does not know. They are judged like all others in any case.',
  );

/** What happens to texts under keys that a format does not know, by direction. */
export type UnknownFieldsConfig = z.infer<typeof UnknownFieldsConfig>;
