import type { Hit, Span } from '../core/index.js';

/** `text` with each run of overlapping or adjacent redact hits replaced by one `mask`. Hits with other actions change nothing. */
export function redactText(text: string, hits: readonly Hit[], mask: string): string {
  let redacted = '';
  let copied = 0;
  for (const span of mergeSpans(hits.filter((hit) => hit.action === 'redact').map((hit) => hit.span))) {
    redacted += text.slice(copied, span.start) + mask;
    copied = span.end;
  }
  return redacted + text.slice(copied);
}

/** The union of `spans` as disjoint, non-adjacent spans in order; empty spans vanish. */
function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  const ordered = spans.filter((span) => span.end > span.start).sort((left, right) => left.start - right.start);
  for (const span of ordered) {
    const last = merged.at(-1);
    if (last !== undefined && span.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else {
      merged.push(span);
    }
  }
  return merged;
}
