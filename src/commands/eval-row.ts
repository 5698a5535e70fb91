import { z } from 'zod';
import { CATEGORIES, type Category } from '../core/index.js';

/** One labeled text. */
export interface EvalRow {
  readonly text: string;
  readonly lang: string;
  /** `output` is what a model wrote; `input` and `comment` are what people wrote. */
  readonly role: 'input' | 'output' | 'comment';
  /** 1 violates the category, 0 does not; a missing one is unknown. */
  readonly labels: Readonly<Partial<Record<Category, 0 | 1>>>;
  /** 1 violates some category, 0 none, null is unknown. */
  readonly any: 0 | 1 | null;
  readonly split: 'train' | 'dev';
}

const LABEL = z.union([z.literal(0), z.literal(1)], { error: 'must be 0 or 1' });

const ROW = z.object({
  text: z.string({ error: 'must be a string' }),
  lang: z.string({ error: 'must be a string' }).max(35, { error: 'must be a language tag' }).default('und'),
  role: z.enum(['input', 'output', 'comment'], { error: 'must be input, output or comment' }).default('input'),
  labels: z
    .strictObject(Object.fromEntries(CATEGORIES.map((category) => [category, LABEL.optional()])), {
      error: (issue) =>
        issue.code === 'unrecognized_keys' ? `may name only ${CATEGORIES.join(', ')}` : 'must be an object',
    })
    .default({}),
  any: z.union([LABEL, z.null()], { error: 'must be 0, 1 or null' }).default(null),
  split: z.enum(['train', 'dev'], { error: 'must be train or dev' }).default('dev'),
});

/**
 * Returns the row on one JSON line. Everything but `text` may be missing: language `und`, role `input`, unknown labels, split `dev`.
 * @throws {TypeError} saying what is wrong with the line, without its text.
 */
export function parseEvalRow(line: string): EvalRow {
  const { success, data, error } = ROW.safeParse(parseJson(line));
  if (success) return data;
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new TypeError(path === '' ? 'is not a JSON object' : `"${path}" ${issue?.message}`);
}

/** The label of a category: a text that violates nothing does not violate it either. Undefined where it is unknown. */
export function labelOf({ labels, any }: EvalRow, category: Category): 0 | 1 | undefined {
  return labels[category] ?? (any === 0 ? 0 : undefined);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own message repeats the text.
    throw new TypeError('is not JSON');
  }
}
