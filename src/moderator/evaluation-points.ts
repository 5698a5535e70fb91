/** Longest step, UTF-16 units: a text without spaces is still judged piece by piece. */
export const MAX_STEP_UNITS = 64;
/** A point is due at the first step end this many UTF-16 units after the previous point. */
export const MAX_SENTENCE_UNITS = 400;
/** A classifier window longer than this, UTF-16 units, is restarted at the next point. */
export const MAX_WINDOW_UNITS = 512;

const SENTENCE_END = /^[.!?。！？\n]$/u;
const STEP_END = /^[\s.!?。！？\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]$/u;

/** What a UTF-16 unit ends. */
const UNKNOWN = 0;
const NOTHING = 1;
const STEP = 2;
const SENTENCE = 3;

/** Kinds of UTF-16 units; a unit is looked up when it first comes. */
const kinds = new Uint8Array(0x10000);

function kindOf(unit: number): number {
  const known = kinds[unit] ?? UNKNOWN;
  if (known !== UNKNOWN) return known;
  const char = String.fromCharCode(unit);
  let kind = NOTHING;
  if (SENTENCE_END.test(char)) kind = SENTENCE;
  else if (STEP_END.test(char)) kind = STEP;
  kinds[unit] = kind;
  return kind;
}

/** End of a step that began at `start` and is at its greatest length at `at`, whose unit is `unit`; `undefined` before that. */
function fullAt(start: number, at: number, unit: number): number | undefined {
  if (at + 1 - start < MAX_STEP_UNITS) return undefined;
  // A pair must not be cut, and first halves alone must not make a step without end.
  return unit >= 0xd800 && unit <= 0xdbff ? at : at + 1;
}

/**
 * End of the step that begins at `start`, or `undefined` while it is incomplete. A step is a word with the space, mark
 * or CJK character after it; its end depends on the text from `start` on and on nothing else.
 */
export function findStepEnd(text: string, start: number): number | undefined {
  for (let at = start; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const end = kindOf(unit) > NOTHING ? at + 1 : fullAt(start, at, unit);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Whether the classifier judges at the end of `step`, which ends `units` after the previous point. */
export function isEvaluationPoint(step: string, units: number): boolean {
  return kindOf(step.charCodeAt(step.length - 1)) === SENTENCE || units >= MAX_SENTENCE_UNITS;
}

/** The first evaluation point behind `previous`, itself a step end; `undefined` when the text ends before one. */
export function findEvaluationPoint(text: string, previous: number): number | undefined {
  let stepStart = previous;
  for (let at = previous; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const kind = kindOf(unit);
    if (kind === SENTENCE) return at + 1;
    const end = kind === STEP ? at + 1 : fullAt(stepStart, at, unit);
    if (end !== undefined) {
      stepStart = end;
      if (stepStart - previous >= MAX_SENTENCE_UNITS) return stepStart;
    }
  }
  return undefined;
}
