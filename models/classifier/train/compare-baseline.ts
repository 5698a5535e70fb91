import { averagePrecision } from '../../../src/commands/eval-metrics.js';
import type { Random } from '../../../src/commands/eval-random.js';
import { CATEGORIES } from '../../../src/core/index.js';
import type { Scored } from './calibrate.js';
import type { Example } from './examples.js';
import { Network } from './network.js';
import { BASELINE_NETWORK } from './network-options.js';
import { trainNetwork } from './train-network.js';

/** One category of the comparison; `all` stands for the mean of those with enough positives. */
export interface BaselineFigure {
  readonly category: string;
  readonly positives: number;
  /** Average precision of the baseline and of the model on the same rows. */
  readonly baseline: number;
  readonly model: number;
  /** 95 % bootstrap interval of the difference, the same resampled rows for both. */
  readonly interval: readonly [low: number, high: number];
}

const BASELINE_EPOCHS = 4;
/** A category with fewer positives says little: it is left out of the comparison. */
const LEAST_POSITIVES = 100;
const RESAMPLES = 200;

/** Trains the baseline: a hashed linear model over n-grams, without lists, seeds and changed copies. */
export function trainBaseline(
  examples: readonly Example[],
  random: Random,
  weightOf: (example: Example) => number,
): Network {
  const network = new Network(BASELINE_NETWORK, random);
  trainNetwork(network, examples, { epochs: BASELINE_EPOCHS, random, weightOf });
  return network;
}

/** Average precision of model and baseline on the same rows, per category of at least 100 positives, and their mean last. */
export function compareBaseline(
  model: readonly Scored[],
  baseline: readonly ArrayLike<number>[],
  random: Random,
): BaselineFigure[] {
  const columns = CATEGORIES.flatMap((category, index) => {
    const kept = model.map((_, at) => at).filter((at) => (model[at]?.weights[index] ?? 0) > 0);
    const labels = kept.map((at) => model[at]?.targets[index] ?? 0);
    if (labels.filter((label) => label === 1).length < LEAST_POSITIVES) return [];
    return [
      {
        category,
        labels,
        model: kept.map((at) => model[at]?.logits[index] ?? 0),
        baseline: kept.map((at) => baseline[at]?.[index] ?? 0),
      },
    ];
  });
  const figures = columns.map(({ category, labels, ...scores }) => {
    const gains = Array.from({ length: RESAMPLES }, () => {
      const drawn = labels.map(() => random.below(labels.length));
      const of = (values: readonly number[]): number[] => drawn.map((at) => values[at] ?? 0);
      return averagePrecision(of(scores.model), of(labels)) - averagePrecision(of(scores.baseline), of(labels));
    });
    return {
      category: category as string,
      positives: labels.filter((label) => label === 1).length,
      baseline: averagePrecision(scores.baseline, labels),
      model: averagePrecision(scores.model, labels),
      gains,
    };
  });
  const macro = {
    category: 'all',
    positives: figures.reduce((sum, { positives }) => sum + positives, 0),
    baseline: mean(figures.map((figure) => figure.baseline)),
    model: mean(figures.map((figure) => figure.model)),
    gains: Array.from({ length: RESAMPLES }, (_, resample) => mean(figures.map(({ gains }) => gains[resample] ?? 0))),
  };
  return [...figures, macro].map(({ gains, baseline: low, model: high, ...figure }) => ({
    ...figure,
    baseline: round(low),
    model: round(high),
    interval: ends(gains),
  }));
}

function ends(values: readonly number[]): [number, number] {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
  return [at(0.025), at(0.975)];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
