/** How much text before and after a candidate decides where its words begin, UTF-16 units. */
export const WORD_LOOK_BACK = 8;
/** See `WORD_LOOK_BACK`; a stream holds at most this much behind a candidate. */
export const WORD_LOOK_AHEAD = 6;

let segmenter: Intl.Segmenter | undefined;

/** Whether a word of `text` straddles an edge of `[start, end)`, so that the hit joins the halves of two words. */
export function cutsWord(text: string, start: number, end: number): boolean {
  // Made at first need: it loads a dictionary of several MB. Chinese and Japanese share one dictionary in ICU.
  segmenter ??= new Intl.Segmenter('zh', { granularity: 'word' });
  for (const { segment, index } of segmenter.segment(text)) {
    const close = index + segment.length;
    if (index < start && close > start && close < end) return true;
    if (index > start && index < end && close > end) return true;
    if (index <= start && close >= end && segment.length > end - start) return true;
    if (index >= end) break;
  }
  return false;
}
