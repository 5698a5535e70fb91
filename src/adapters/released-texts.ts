import { pointsOf, sameStartPoints } from './move-citations.js';

/**
 * Follows what has left of the text of each channel of a stream. What repeats the text in another form, such as token
 * arrays, may pass only as long as it tells nothing that waits or was taken out.
 */
export class ReleasedTexts {
  readonly #waiting = new Map<string, string>();
  readonly #changed = new Set<string>();
  /** How much of each channel has left, in code points; once it changed, where. */
  readonly #points = new Map<string, number>();

  /** Whether any text so far did not leave as it came, or has not left yet. */
  get differs(): boolean {
    return this.#changed.size > 0 || [...this.#waiting.values()].some((text) => text !== '');
  }

  /** Where a channel changed first, in code points; `undefined` when it did not. */
  changedAt(channel: string): number | undefined {
    return this.#changed.has(channel) ? this.#points.get(channel) : undefined;
  }

  /** Notes that text of a channel arrived and that text left; returns whether just that and all before it has left, unchanged. O(what waits). */
  pass(channel: string, arrived: string, left: string): boolean {
    if (this.#changed.has(channel)) return false;
    const waited = this.#waiting.get(channel) ?? '';
    const expected = waited + arrived;
    const points = this.#points.get(channel) ?? 0;
    if (!expected.startsWith(left)) {
      this.#changed.add(channel);
      this.#points.set(channel, points + sameStartPoints(expected, left));
      this.#waiting.delete(channel);
      return false;
    }
    this.#points.set(channel, points + pointsOf(left));
    this.#waiting.set(channel, expected.slice(left.length));
    return waited === '' && left.length === arrived.length;
  }
}
