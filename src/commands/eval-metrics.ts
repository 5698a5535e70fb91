import type { Random } from './eval-random.js';

/** Resamples of a bootstrap. */
const RESAMPLES = 200;

/**
 * Average precision of scores with 0/1 labels: the mean of the precision at every threshold, weighted by the recall that it adds.
 * Equal scores are one threshold. `NaN` without positives.
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  return precisionOver(descending(scores), { scores, labels });
}

/**
 * Ends of the 95 % interval of the average precision: percentiles over 200 resamples of the rows, of which those without a positive say
 * nothing. `NaN` without positives.
 */
export function averagePrecisionInterval(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  random: Random,
): [low: number, high: number] {
  const order = descending(scores);
  const copies = new Uint32Array(scores.length);
  const values = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    copies.fill(0);
    for (let draw = 0; draw < copies.length; draw++) {
      const row = random.below(copies.length);
      copies[row] = (copies[row] ?? 0) + 1;
    }
    values[resample] = precisionOver(order, { scores, labels, copies });
  }
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number): number => known[Math.floor(known.length * share)] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}

/** Chance that a random positive scores above a random negative; equal scores count half. `NaN` without both classes. */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = descending(scores);
  let above = 0;
  let negatives = 0;
  let wins = 0;
  for (let from = 0; from < order.length; ) {
    const to = tieEnd(order, from, scores);
    let tied = 0;
    for (let at = from; at < to; at++) if (labels[order[at] ?? 0] === 1) tied++;
    const losing = to - from - tied;
    wins += losing * (above + tied / 2);
    above += tied;
    negatives += losing;
    from = to;
  }
  return wins / (above * negatives);
}

/** Share of positives above every threshold that more than `rate` of the negatives reach. `NaN` without both classes. */
export function recallAtRate(scores: ArrayLike<number>, labels: ArrayLike<number>, rate: number): number {
  const negatives = Float64Array.from(scores)
    .filter((_, at) => labels[at] === 0)
    .sort();
  const positives = Float64Array.from(scores).filter((_, at) => labels[at] === 1);
  if (negatives.length === 0) return Number.NaN;
  const bound = negatives[negatives.length - 1 - Math.floor(negatives.length * rate)] ?? Number.NEGATIVE_INFINITY;
  return positives.filter((score) => score > bound).length / positives.length;
}

/** Value that a share of the values does not exceed, by nearest rank. `NaN` for no values. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

interface Ranked {
  readonly scores: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  /** How often each row counts; once when left out. */
  readonly copies?: ArrayLike<number>;
}

function precisionOver(order: Uint32Array, { scores, labels, copies }: Ranked): number {
  let seen = 0;
  let found = 0;
  let sum = 0;
  for (let from = 0; from < order.length; ) {
    const to = tieEnd(order, from, scores);
    let positives = 0;
    for (let at = from; at < to; at++) {
      const row = order[at] ?? 0;
      const count = copies === undefined ? 1 : (copies[row] ?? 0);
      seen += count;
      if (labels[row] === 1) positives += count;
    }
    found += positives;
    if (positives > 0) sum += (positives * found) / seen;
    from = to;
  }
  return found === 0 ? Number.NaN : sum / found;
}

/** Rows by score, highest first. */
function descending(scores: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row);
  return order.sort((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0));
}

function tieEnd(order: Uint32Array, from: number, scores: ArrayLike<number>): number {
  const score = scores[order[from] ?? 0];
  let to = from + 1;
  while (to < order.length && scores[order[to] ?? 0] === score) to++;
  return to;
}
