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

/** Whether a step that began at `start` is at its greatest length at `at`, whose unit is `unit`. */
function isFull(start: number, at: number, unit: number): boolean {
  const cutsPair = unit >= 0xd800 && unit <= 0xdbff;
  return at + 1 - start >= MAX_STEP_UNITS && !cutsPair;
}

/**
 * End of the step that begins at `start`, or `undefined` while it is incomplete. A step is a word with the space, mark
 * or CJK character after it; its end depends on the text from `start` on and on nothing else.
 */
export function findStepEnd(text: string, start: number): number | undefined {
  for (let at = start; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (kindOf(unit) > NOTHING || isFull(start, at, unit)) return at + 1;
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
    if (kind === STEP || isFull(stepStart, at, unit)) {
      stepStart = at + 1;
      if (stepStart - previous >= MAX_SENTENCE_UNITS) return stepStart;
    }
  }
  return undefined;
}
