import { ok } from 'node:assert/strict';

const LONE_HALF = /\p{Cs}/u;

/** Whether a text holds half a surrogate pair. */
export function hasLoneHalf(text: string): boolean {
  return LONE_HALF.test(text);
}

/**
 * Throws when pieces of a text, in turn, cut a surrogate pair in two; when the text that they are made of is given, also when
 * they hold half a pair that it does not.
 */
export function checkPairs(pieces: readonly string[], text?: string): void {
  for (const [index, piece] of pieces.entries()) {
    const pair = `${pieces[index - 1]?.at(-1) ?? ''}${piece.charAt(0)}`;
    // A redaction without a mask may bring two lone halves together: that is no pair of the text.
    const cuts = /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) && (text ?? pair).includes(pair);
    ok(!cuts, `a pair is cut before ${JSON.stringify(piece)}`);
    ok(text === undefined || hasLoneHalf(text) || !hasLoneHalf(piece), `half a pair in ${JSON.stringify(piece)}`);
  }
}
