/** One line of a benchmark's answer. */
export interface Measurement {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** The value divided by that of each peer or bound, measured in the same run. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** Fastest of several runs, in milliseconds: what else the machine does can only add to a run. */
export function fastestMs(run: () => void, repeats = 7): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < repeats; turn += 1) {
    const start = performance.now();
    run();
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest;
}

let sink = 0;

/** A bare pass over the UTF-16 units of a text: the bound of everything that reads it once. */
export function passOver(text: string): void {
  for (let at = 0; at < text.length; at += 1) sink ^= text.charCodeAt(at);
  if (Number.isNaN(sink)) throw new Error('unreachable');
}

/** Million UTF-16 units a second. */
export function megaChars(text: string, ms: number): number {
  return Number((text.length / ms / 1000).toFixed(2));
}
