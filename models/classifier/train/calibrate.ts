import { CATEGORIES } from '../../../src/core/index.js';

/** Logits of the eleven outputs of one text, and its targets and weights for the ten categories. */
export interface Scored {
  readonly logits: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
}

/** Calibrated logit of a category: `own * logit + any * logit of the eleventh output + offset`. */
export interface Calibration {
  readonly own: number;
  readonly any: number;
  readonly offset: number;
}

const ANY = CATEGORIES.length;
const STEPS = 30;
/** Pull towards the uncalibrated logit, in examples: rare categories have few. */
const RIDGE = 3;

/** One calibration per category: logistic regression of the labels on the category's logit and that of `any`. */
export function calibrate(scored: readonly Scored[]): Calibration[] {
  return CATEGORIES.map((_, category) => {
    const rows = scored.filter((row) => (row.weights[category] ?? 0) > 0);
    let own = 1;
    let any = 0;
    let offset = 0;
    for (let step = 0; step < STEPS; step++) {
      const gradient = [RIDGE * (own - 1), RIDGE * any, 0.1 * offset];
      const curvature = [RIDGE, 0, 0, 0, RIDGE, 0, 0, 0, 0.1];
      for (const { logits, targets, weights } of rows) {
        const x = [logits[category] ?? 0, logits[ANY] ?? 0, 1];
        const probability = sigmoid(own * (x[0] ?? 0) + any * (x[1] ?? 0) + offset);
        const weight = weights[category] ?? 0;
        const error = (probability - (targets[category] ?? 0)) * weight;
        const slope = Math.max(1e-6, probability * (1 - probability)) * weight;
        for (let i = 0; i < 3; i++) {
          gradient[i] = (gradient[i] ?? 0) + error * (x[i] ?? 0);
          for (let j = 0; j < 3; j++) {
            curvature[3 * i + j] = (curvature[3 * i + j] ?? 0) + slope * (x[i] ?? 0) * (x[j] ?? 0);
          }
        }
      }
      let [byOwn = 0, byAny = 0, byOffset = 0] = solve(curvature, gradient);
      if (any - byAny < 0) {
        // Held at 0, the others are to be found without it.
        [byOwn = 0, byAny = 0, byOffset = 0] = solve(
          curvature.map((each, at) => (at === 4 ? 1 : at % 3 === 1 || (at >= 3 && at < 6) ? 0 : each)),
          [gradient[0] ?? 0, any, gradient[2] ?? 0],
        );
      }
      const limit = Math.max(1, Math.abs(byOwn), Math.abs(byAny), Math.abs(byOffset));
      own = Math.max(0.05, own - byOwn / limit);
      any = Math.max(0, any - byAny / limit);
      offset -= byOffset / limit;
    }
    return { own, any, offset };
  });
}

/** The probability of a category. */
export function calibrated({ own, any, offset }: Calibration, logits: ArrayLike<number>, category: number): number {
  return sigmoid(own * (logits[category] ?? 0) + any * (logits[ANY] ?? 0) + offset);
}

/** Mean difference of probability and truth over ten bins of equal width, weighted by their rows. */
export function calibrationError(probabilities: readonly number[], labels: readonly number[]): number {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, probability: 0, positives: 0 }));
  probabilities.forEach((probability, at) => {
    const bin = bins[Math.min(9, Math.floor(probability * 10))];
    if (bin === undefined) return;
    bin.count++;
    bin.probability += probability;
    bin.positives += labels[at] ?? 0;
  });
  const gaps = bins.map((bin) => Math.abs(bin.probability - bin.positives));
  return gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, probabilities.length);
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Solves a 3 x 3 system by elimination. */
function solve(matrix: readonly number[], right: readonly number[]): number[] {
  const rows = [0, 1, 2].map((i) => [...matrix.slice(3 * i, 3 * i + 3), right[i] ?? 0]);
  for (let pivot = 0; pivot < 3; pivot++) {
    const lead = rows[pivot] ?? [];
    for (let other = 0; other < 3; other++) {
      const row = rows[other] ?? [];
      if (other === pivot) continue;
      const factor = (row[pivot] ?? 0) / (lead[pivot] || 1e-9);
      for (let column = pivot; column < 4; column++) row[column] = (row[column] ?? 0) - factor * (lead[column] ?? 0);
    }
  }
  return rows.map((row, at) => (row[3] ?? 0) / (row[at] || 1e-9));
}
