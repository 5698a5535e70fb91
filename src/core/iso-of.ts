/**
 * Returns a moment as ISO 8601 in UTC.
 * @param timeMs milliseconds since the Unix epoch
 * @throws {RangeError} when it is beyond what a `Date` can hold.
 */
export function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
