import type { Random } from '../../../src/commands/eval-random.js';
import type { Example } from './examples.js';
import { type Network, OUTPUTS } from './network.js';

/** How to train. */
export interface FitOptions {
  readonly epochs: number;
  readonly random: Random;
  /** Called now and then with the share done, in [0, 1], and the mean loss since the last call. */
  readonly onProgress?: (done: number, loss: number) => void;
  /** Weight of an example beside its label weights. */
  readonly weightOf?: (example: Example) => number;
}

const PROGRESS_STEP = 10_000;

/** Trains `network` on masked, weighted logistic loss; the step shrinks linearly to a tenth. */
export function trainNetwork(network: Network, examples: readonly Example[], options: FitOptions): void {
  const order = [...examples];
  const total = options.epochs * order.length;
  const errors = new Float64Array(OUTPUTS);
  let seen = 0;
  let loss = 0;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    options.random.shuffle(order);
    for (const example of order) {
      const logits = network.forward(example, true);
      const weight = options.weightOf?.(example) ?? 1;
      for (let out = 0; out < OUTPUTS; out++) {
        const error = 1 / (1 + Math.exp(-(logits[out] ?? 0))) - (example.targets[out] ?? 0);
        errors[out] = error * (example.weights[out] ?? 0) * weight;
        loss += Math.abs(errors[out] ?? 0);
      }
      network.backward(errors, 1 - (0.9 * seen) / total);
      if (++seen % PROGRESS_STEP === 0 || seen === total) {
        options.onProgress?.(seen / total, loss / PROGRESS_STEP);
        loss = 0;
      }
    }
  }
}
