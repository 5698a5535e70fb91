import type { Hit, TextField, Verdict } from '../core/index.js';
import type { Moderator, SeamVerdict } from '../moderator/index.js';
import type { ResolvedPolicy } from '../policy/index.js';

/** Where prose stands: names, and the keys and values of tool calls, are not read on from one to the next. */
const PROSE = /(?:^|\.)(?:content|text|reasoning|reasoning_content|thinking|system)$/;

/** A position in a list; the requests of a batch are conversations of their own. */
const POSITION = /(^requests\[\d+\])|\[\d+\]/g;

/** A verdict on what is split over several texts of a request. */
export interface JudgedSeam {
  /** Names the texts, in order; the spans of the verdict count through them, laid end to end. */
  readonly field: string;
  readonly verdict: Verdict;
  /** The texts, laid end to end. */
  readonly text: string;
  /** The parts of the hits that stand in each text, by its number in the request, with spans of that text. */
  readonly parts: ReadonlyMap<number, readonly Hit[]>;
}

/**
 * Judges what is split over consecutive messages of one speaker, or over the parts of one message: a model reads them one
 * after another. Resolves to verdicts that have a hit, or a detector that failed.
 */
export async function judgeSeams(
  moderator: Moderator,
  fields: readonly TextField[],
  policy: ResolvedPolicy,
): Promise<readonly JudgedSeam[]> {
  const judged: JudgedSeam[] = [];
  for (const thread of threadsOf(fields)) {
    const texts = thread.map((index) => fields[index]?.text ?? '');
    for (const seam of await moderator.moderateSeams(texts, { direction: 'input', policy })) {
      const field = seam.texts.map((at) => fields[thread[at] ?? 0]?.path ?? '').join(' + ');
      const text = seam.texts.map((at) => texts[at] ?? '').join('');
      judged.push({ field, text, verdict: seam.verdict, parts: partsOf(seam, { thread, texts }) });
    }
  }
  return judged;
}

/** Numbers of the texts that one speaker has said in one kind of place, in order: of two and more. */
function threadsOf(fields: readonly TextField[]): readonly (readonly number[])[] {
  const threads = new Map<string, number[]>();
  for (const [index, { path, role }] of fields.entries()) {
    // Without a speaker texts stand apart, such as the inputs of embeddings.
    if (role === undefined) continue;
    // A message is a string or a list of parts, whichever the client prefers.
    const place = path.replace(POSITION, (_found, request?: string) => request ?? '[]').replace(/\[\]\.text$/, '');
    if (!PROSE.test(place)) continue;
    const name = `${role.toLowerCase()} ${place}`;
    const thread = threads.get(name);
    if (thread === undefined) threads.set(name, [index]);
    else thread.push(index);
  }
  return [...threads.values()].filter(({ length }) => length > 1);
}

function partsOf(
  { texts: over, verdict }: SeamVerdict,
  { thread, texts }: { readonly thread: readonly number[]; readonly texts: readonly string[] },
): ReadonlyMap<number, readonly Hit[]> {
  const parts = new Map<number, Hit[]>();
  let before = 0;
  for (const at of over) {
    const length = texts[at]?.length ?? 0;
    const own = verdict.hits.flatMap((hit) => {
      const start = Math.max(0, hit.span.start - before);
      const end = Math.min(length, hit.span.end - before);
      return start < end ? [{ ...hit, span: { start, end } }] : [];
    });
    parts.set(thread[at] ?? 0, own);
    before += length;
  }
  return parts;
}
