import { z } from 'zod';
import { CATEGORIES, CATEGORY_INFO, type Category, HOLD_LIMIT_ACTIONS, HOLD_MODES } from '../core/index.js';
import { AiLabelConfig, BlockAsConfig, NoticesConfig } from './notices.js';
import { milliseconds } from './units.js';
import { UnknownFieldsConfig } from './unknown-fields.js';

const threshold = z.number().min(0).max(1);

/** Thresholds of one category; a score at or above one is a hit. */
const Thresholds = z
  .strictObject({
    flag: threshold.optional().describe('Score in [0, 1] from which a match is recorded; the text passes.'),
    redact: threshold.optional().describe('Score in [0, 1] from which the matched span is replaced by the mask.'),
    block: threshold.optional().describe('Score in [0, 1] from which the whole text is stopped.'),
  })
  .describe('Thresholds of one category. What is left out is inherited.');

const categoryFields = Object.fromEntries(
  CATEGORIES.map((category) => [
    category,
    Thresholds.optional().describe(`${CATEGORY_INFO[category].title} (${CATEGORY_INFO[category].clause}).`),
  ]),
) as Record<Category, z.ZodOptional<typeof Thresholds>>;

const holdFields = {
  hold: z
    .enum(HOLD_MODES)
    .optional()
    .describe(
      'How streamed text waits for its judgement. `adaptive`, built in: only what can still become a hit. `sentence`: to the end of each sentence. `answer`: to the very end. `none`: not at all; it leaves before it was judged, a later block only stops the rest, and nothing can be redacted.',
    ),
  maxHoldChars: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Most characters (UTF-16 code units) of a stream that wait at one time. Built in: 8192; with `hold: answer`, 1048576.',
    ),
  maxHoldMs: milliseconds
    .optional()
    .describe('Longest time that a character of a stream waits, in milliseconds; 0, built in, for no end.'),
  onHoldLimit: z
    .enum(HOLD_LIMIT_ACTIONS)
    .optional()
    .describe(
      'What happens at such a limit. `block`, built in, stops the stream. `release` lets text pass that nobody has judged yet, and records it as that.',
    ),
} as const;

const severityScore = (meaning: string) =>
  threshold.optional().describe(`Score in [0, 1] of a list match of severity ${meaning}.`);

/** One named policy as written in the config. */
export const PolicyConfig = z
  .strictObject({
    extends: z
      .string()
      .optional()
      .describe("Name of the policy to inherit from; when left out 'default', and for 'default' the built-in values."),
    input: z
      .strictObject({ ...holdFields, ...categoryFields })
      .optional()
      .describe('Text going to the model: thresholds per category, and how it waits when it is streamed.'),
    output: z
      .strictObject({ ...holdFields, ...categoryFields })
      .optional()
      .describe('Text coming from the model: thresholds per category, and how it waits when it is streamed.'),
    severityScores: z
      .strictObject({
        1: severityScore('1 (mild)'),
        2: severityScore('2'),
        3: severityScore('3'),
        4: severityScore('4 (severe)'),
      })
      .optional()
      .describe('Scores that list matches get by severity. Built in: 0.5, 0.75, 0.97, 0.995.'),
    mask: z.string().optional().describe("Constant text that replaces a redacted span. Built in: '[redacted]'."),
    unknownFields: UnknownFieldsConfig.optional(),
    blockAs: BlockAsConfig.optional(),
    notices: NoticesConfig.optional(),
    noticeAsText: z
      .boolean()
      .optional()
      .describe(
        'Whether a streamed answer that is stopped midway ends with the notice as text, behind what was read already; otherwise the notice is in a field of its own. A whole answer has it as text anyway. Built in: false.',
      ),
    aiLabel: AiLabelConfig.optional(),
  })
  .describe('A named policy.');

/** One named policy as written in the config. */
export type PolicyConfig = z.infer<typeof PolicyConfig>;
