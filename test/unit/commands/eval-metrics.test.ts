import {
  areaUnderCurve,
  averagePrecision,
  averagePrecisionInterval,
  percentile,
  recallAtRate,
} from '../../../src/commands/eval-metrics.js';
import { Random } from '../../../src/commands/eval-random.js';

describe('averagePrecision and areaUnderCurve', () => {
  it.each([
    ['all right', [4, 3, 2, 1], [1, 1, 0, 0], 1, 1],
    ['all wrong', [1, 2, 3, 4], [1, 1, 0, 0], (1 / 3 + 2 / 4) / 2, 0],
    ['in any order of rows', [2, 4, 1, 3], [1, 1, 0, 0], (1 + 2 / 3) / 2, 0.75],
    ['equal scores are one threshold', [1, 1, 1, 1], [1, 0, 0, 1], 2 / 4, 0.5],
    ['some equal scores', [3, 2, 2, 1], [1, 1, 0, 0], (1 + 2 / 3) / 2, 0.875],
    ['no positives', [2, 1], [0, 0], Number.NaN, Number.NaN],
    ['no negatives', [2, 1], [1, 1], 1, Number.NaN],
    ['nothing', [], [], Number.NaN, Number.NaN],
  ])('%s', (_name, scores, labels, precision, area) => {
    const round = (value: number): number => Math.round(value * 1e10) / 1e10;
    expect(round(averagePrecision(scores, labels))).toBe(round(precision));
    expect(round(areaUnderCurve(scores, labels))).toBe(round(area));
  });
});

describe('recallAtRate', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at);
  it.each([
    ['one of a hundred may pass', [...hundred, 99.5, 98.5, 98, 10], 0.01, 0.5],
    ['none may pass', [...hundred, 99.5, 98.5, 98, 10], 0, 0.25],
    ['all may pass', [...hundred, -5, 98.5, 98, 10], 1, 1],
  ])('%s', (_name, scores, rate, recall) => {
    expect(recallAtRate(scores, [...hundred.map(() => 0), 1, 1, 1, 1], rate)).toBe(recall);
  });

  it.each([
    ['negatives', [1, 1]],
    ['positives', [0, 0]],
  ])('is no number without %s', (_name, labels) => {
    expect(recallAtRate([1, 2], labels, 0.01)).toBeNaN();
  });
});

describe('averagePrecisionInterval', () => {
  const random = new Random(5);
  const labels = Array.from({ length: 400 }, () => random.below(2));
  const scores = labels.map((label) => label + 1.5 * random.normal());

  it('holds the value, is narrower for more rows, and depends on the seed alone', () => {
    const [low, high] = averagePrecisionInterval(scores, labels, new Random(1));
    const value = averagePrecision(scores, labels);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(high - low).toBeGreaterThan(0.05);
    const [fewerLow, fewerHigh] = averagePrecisionInterval(scores.slice(0, 50), labels.slice(0, 50), new Random(1));
    expect(fewerHigh - fewerLow).toBeGreaterThan(1.5 * (high - low));
    expect(averagePrecisionInterval(scores, labels, new Random(1))).toEqual([low, high]);
    expect(averagePrecisionInterval(scores, labels, new Random(2))).not.toEqual([low, high]);
  });

  it('leaves out resamples without a positive', () => {
    expect(averagePrecisionInterval([3, 2, 1], [1, 0, 0], new Random(1))).toEqual([1, 1]);
  });

  it('equals the percentiles of resamples drawn row by row', () => {
    const draws = new Random(9);
    const values = Array.from({ length: 200 }, () => {
      const picks = scores.map(() => draws.below(scores.length));
      return averagePrecision(
        picks.map((at) => scores[at]!),
        picks.map((at) => labels[at]!),
      );
    }).sort((left, right) => left - right);
    const [low, high] = averagePrecisionInterval(scores, labels, new Random(9));
    expect(low).toBeCloseTo(values[5]!, 12);
    expect(high).toBeCloseTo(values[195]!, 12);
  });
});

describe('percentile', () => {
  it.each([
    ['the middle', 0.5, 50],
    ['the tail', 0.99, 99],
    ['the highest', 1, 100],
    ['the lowest', 0, 1],
  ])('%s of 1 to 100', (_name, share, value) => {
    const values = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect(percentile(values, share)).toBe(value);
  });
});
