import type { Category, Evidence, EvidenceRules, Hit, Span } from '../core/index.js';

/** A text that was judged, or the part of it that is still known. */
export interface HeardText {
  readonly text: string;
  /** Where `text` begins in what was judged, in UTF-16 code units. */
  readonly start: number;
  /** Length of what was judged, in UTF-16 code units. */
  readonly chars: number;
}

/** Returns the text around the hits of a category; undefined when it is not known any more. */
export type HearText = (category: Category) => HeardText | undefined;

/** Spans that are kept of one text: a text of nothing but hits has thousands. */
const MAX_SPANS = 100;

/** Returns how to hear a text that is known whole. */
export function hearWhole(text: string): HearText {
  return () => ({ text, start: 0, chars: text.length });
}

/** Returns the texts to keep of what was judged, one for each category with hits in it that the operator named. Never throws. */
export function evidenceOf(
  rules: EvidenceRules | undefined,
  hits: readonly Hit[],
  hear: HearText | undefined,
): { readonly evidence?: readonly Evidence[] } {
  if (rules === undefined || hear === undefined || hits.length === 0) return {};
  const spansBy = new Map<Category, Span[]>();
  for (const { category, span } of hits) {
    if (!rules.categories.has(category)) continue;
    const spans = spansBy.get(category);
    if (spans === undefined) spansBy.set(category, [span]);
    else if (spans.length < MAX_SPANS) spans.push(span);
  }
  const evidence = [...spansBy].flatMap(([category, spans]) => {
    const heard = hear(category);
    return heard === undefined ? [] : [{ category, spans, ...excerptOf(heard, spans, rules.maxChars) }];
  });
  return evidence.length === 0 ? {} : { evidence };
}

/**
 * Returns at most `maxChars` of a text, around all of its hits where they fit, else around the first. Never cuts a surrogate pair.
 * @param spans in UTF-16 code units of what was judged
 */
export function excerptOf({ text, start, chars }: HeardText, spans: readonly Span[], maxChars: number): HeardText {
  if (text.length <= maxChars) return { text, start, chars };
  const first = spans[0] ?? { start, end: start };
  const all = {
    start: Math.min(...spans.map((span) => span.start)),
    end: Math.max(...spans.map((span) => span.end)),
  };
  const middle = all.end - all.start <= maxChars ? all : first;
  const slack = Math.max(0, maxChars - (middle.end - middle.start));
  const wanted = middle.start - start - Math.floor(slack / 2);
  let from = Math.min(Math.max(0, wanted), text.length - maxChars);
  let to = from + maxChars;
  if (isLowSurrogate(text, from)) from += 1;
  if (isLowSurrogate(text, to)) to -= 1;
  return { text: text.slice(from, to), start: start + from, chars };
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc_00 && unit <= 0xdf_ff;
}
