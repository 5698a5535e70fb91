import { isJsonObject, type JsonObject } from './json.js';

/** What two versions of a text share. Some backends count in UTF-16 units and some in code points, so both are told. */
interface Change {
  /** Length of the beginning that both share, in code points: never more than in units. */
  readonly sameStart: number;
  /** Where the end begins that both share, in units of the earlier version: never less than in code points. */
  readonly sameEndFrom: number;
  /** How far that end has moved; `undefined` where that depends on the unit. */
  readonly moved: number | undefined;
}

/**
 * Moves the citations of a text along where parts of it were replaced. One that reaches into what was replaced goes: it would
 * point at other words. Returns whether anything changed. O(text + citations). Never throws.
 * @param citations changed in place
 */
export function moveCitations(citations: unknown, before: string, after: string): boolean {
  if (!Array.isArray(citations) || before === after) return false;
  const change = compare(before, after);
  const kept = citations.filter((citation: unknown) => rangesOf(citation).every((range) => move(range, change)));
  const changed = kept.length < citations.length || change.moved !== 0;
  citations.splice(0, citations.length, ...kept);
  return changed;
}

/**
 * Drops the citations of a text that end behind its first change: how the rest moves is not known before its end. Returns
 * whether any went. Never throws.
 * @param citations changed in place
 * @param changedAt in code points
 */
export function dropCitations(citations: unknown, changedAt: number): boolean {
  if (!Array.isArray(citations)) return false;
  const kept = citations.filter((citation: unknown) =>
    rangesOf(citation).every(({ end_index: end }) => Number(end) <= changedAt),
  );
  const changed = kept.length < citations.length;
  citations.splice(0, citations.length, ...kept);
  return changed;
}

/** Returns how many code points of two texts are the same from the start. O(texts). */
export function sameStartPoints(left: string, right: string): number {
  return pointsOf(left.slice(0, sameStartUnits(left, right)));
}

/** Returns the number of code points of a text; half a pair counts as one. O(text). */
export function pointsOf(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** The objects of a citation that say where it is: itself, or one in it. */
function rangesOf(citation: unknown): JsonObject[] {
  if (!isJsonObject(citation)) return [];
  return [citation, ...Object.values(citation).filter(isJsonObject)].filter(
    ({ start_index: start, end_index: end }) => typeof start === 'number' && typeof end === 'number',
  );
}

/** Returns whether the range is still one. */
function move(range: JsonObject, { sameStart, sameEndFrom, moved }: Change): boolean {
  const { start_index: start, end_index: end } = range;
  if (Number(end) <= sameStart) return true;
  if (Number(start) < sameEndFrom || moved === undefined) return false;
  range['start_index'] = Number(start) + moved;
  range['end_index'] = Number(end) + moved;
  return true;
}

function compare(before: string, after: string): Change {
  const start = sameStartUnits(before, after);
  const most = Math.min(before.length, after.length) - start;
  let end = 0;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const moved = after.length - before.length;
  const movedPoints = pointsOf(after) - pointsOf(before);
  return {
    sameStart: pointsOf(before.slice(0, start)),
    sameEndFrom: before.length - end,
    moved: moved === movedPoints ? moved : undefined,
  };
}

function sameStartUnits(left: string, right: string): number {
  const most = Math.min(left.length, right.length);
  let start = 0;
  while (start < most && left[start] === right[start]) start += 1;
  return start;
}
