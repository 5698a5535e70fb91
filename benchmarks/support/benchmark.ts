/** One line of a benchmark's answer. */
export interface Measurement {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** The value divided by that of each peer or bound, measured in the same run. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** What a file `<name>.bench.ts` exports as `benchmark`. */
export interface Benchmark {
  /** One sentence: what it measures, against what. */
  readonly about: string;
  /**
   * Measures, and checks its own answer.
   * @param args - what stands behind the name on the command line, without `--json` and `--save`
   * @throws {Error} when an answer is not the expected one: a number for wrong work is worth nothing
   */
  readonly run: (args: readonly string[]) => readonly Measurement[] | Promise<readonly Measurement[]>;
}

/** Significant digits that are printed and kept. */
const DIGITS = 4;

/** The same measurements with four significant digits. */
export function rounded(measurements: readonly Measurement[]): Measurement[] {
  return measurements.map((measurement) => ({
    ...measurement,
    value: round(measurement.value),
    ratios: Object.fromEntries(Object.entries(measurement.ratios).map(([peer, ratio]) => [peer, round(ratio)])),
  }));
}

function round(value: number): number {
  return Math.abs(value) >= 10 ** DIGITS ? Math.round(value) : Number(value.toPrecision(DIGITS));
}
