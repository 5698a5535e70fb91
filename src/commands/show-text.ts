import type { Span } from '../core/index.js';

/** What would move the cursor, color the terminal, or turn the reading direction around. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * Returns a text of a stranger as a terminal may show it: control characters are spelled out, spans stand between ⟦ and ⟧.
 * @param spans in order of their start
 */
export function showText(text: string, spans: readonly Span[] = []): string {
  let shown = '';
  let end = 0;
  for (const span of spans) {
    if (span.start < end || span.end > text.length) continue;
    shown += `${spellOut(text.slice(end, span.start))}⟦${spellOut(text.slice(span.start, span.end))}⟧`;
    end = span.end;
  }
  return shown + spellOut(text.slice(end));
}

function spellOut(text: string): string {
  return text.replace(UNSHOWABLE, (char) =>
    char === '\n' || char === '\t' ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
