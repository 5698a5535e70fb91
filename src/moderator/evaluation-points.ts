import type { Span } from '../core/index.js';

/** Longest step, UTF-16 units: a text without spaces is still judged piece by piece. */
export const MAX_STEP_UNITS = 64;
/** A point is due at the first step end this many UTF-16 units after the previous point. */
export const MAX_SENTENCE_UNITS = 400;
/** A classifier window longer than this, UTF-16 units, is restarted at the next point. */
export const MAX_WINDOW_UNITS = 512;

const SENTENCE_END = /[.!?。！？\n]$/u;
const STEP_END = /[\s.!?。！？\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * End of the step that begins at `start`, or `undefined` while it is incomplete. A step is a word with the space, mark
 * or CJK character after it; its end depends on the text from `start` on and on nothing else.
 */
export function findStepEnd(text: string, start: number): number | undefined {
  for (let at = start; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (endsStep(unit)) return at + 1;
    const cutsPair = unit >= 0xd800 && unit <= 0xdbff;
    if (at + 1 - start >= MAX_STEP_UNITS && !cutsPair) return at + 1;
  }
  return undefined;
}

/** Whether the classifier judges at the end of `step`, whose sentence so far covers `sentence`. */
export function isEvaluationPoint(step: string, sentence: Span): boolean {
  return SENTENCE_END.test(step) || sentence.end - sentence.start >= MAX_SENTENCE_UNITS;
}

function endsStep(unit: number): boolean {
  // Letters and digits of ASCII are most of most texts.
  if ((unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x30 && unit <= 0x39)) return false;
  return STEP_END.test(String.fromCharCode(unit));
}
