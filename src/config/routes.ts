import { z } from 'zod';
import { FIELD_PATH, FORMATS } from '../core/index.js';

const texts = z.union(
  [
    z.literal('text').describe('The body is one text.'),
    z.array(z.string().regex(FIELD_PATH, 'must be a field path, such as history[].text')),
  ],
  'must be `text` or a list of field paths, such as [question, history[].text]',
);

/** A format of a host's own, as written in the config. */
export const OwnFormatConfig = z
  .strictObject({
    request: texts.describe(
      'Where the texts of a request are: `text` for a body that is one text, else field paths into its JSON, such as `[question, history[].text]`. What no path names is judged too where it is more than a word.',
    ),
    response: texts.describe('Where the texts of a reply are, as for `request`.'),
    stream: texts
      .optional()
      .describe(
        'Where the texts are in each event of a streamed reply (server-sent events, or JSON lines); as in `response` when left out. Only these texts are read on from one event to the next.',
      ),
    end: z
      .string()
      .regex(/^[^\r\n]+$/, 'must be one line')
      .optional()
      .describe(
        'Data of the event that ends a stream, such as `[DONE]`: text that is still held leaves before it, and a stream that is stopped ends with it.',
      ),
  })
  .describe('A format of your own, by the places of its texts.');

/** A format of a host's own, as written in the config. */
export type OwnFormatConfig = z.infer<typeof OwnFormatConfig>;

/** What happens to bodies that nothing can read. */
export const UnscreenedConfig = z.enum(['allow', 'refuse']);

/** One rule that gives a policy to the requests it matches. */
export const RouteConfig = z
  .strictObject({
    path: z.string().startsWith('/').describe('Glob over the request path, such as `/v1/**`.'),
    header: z
      .record(z.string(), z.string())
      .optional()
      .describe('Headers the request must carry, with these exact values; names in any case.'),
    policy: z.string().optional().describe("Policy of the requests that match; 'default' when left out."),
    format: z
      .union(
        [z.enum(FORMATS), OwnFormatConfig],
        'must be the name of a format, or an object with `request` and `response`',
      )
      .optional()
      .describe(
        'Wire format of the bodies, for a path that does not tell it by its usual end: one of those known here, or an object that says where its texts are. When left out, the path or the body tells.',
      ),
    unscreened: UnscreenedConfig.optional().describe('As the top-level `unscreened`, for this route alone.'),
  })
  .describe('A route; the first one that matches a request wins.');

/** One rule that gives a policy to the requests it matches. */
export type RouteConfig = z.infer<typeof RouteConfig>;
