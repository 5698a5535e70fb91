import { WORD_BUCKETS } from '../../../src/classifier/encode-text.js';
import { CATEGORIES } from '../../../src/core/index.js';
import type { Calibration } from './calibrate.js';
import { type Network, OUTPUTS } from './network.js';
import type { FinalWeights } from './write-model.js';

const SIZE = CATEGORIES.length;
const ANY = SIZE;

/** The weights to ship: calibration and pretrained vectors are folded in, so that the model has ten outputs and two tables. */
export function finalWeights(network: Network, calibrations: readonly Calibration[]): FinalWeights {
  const folded = (matrix: Float32Array): Float32Array => foldOutputs(matrix, calibrations);
  const bias = folded(network.bias).map((value, index) => value + (calibrations[index]?.offset ?? 0));
  return new Map([
    ['grams/embeddings', folded(network.gram)],
    ['words/embeddings', wordTable(network)],
    ['list_hidden/kernel', network.listHidden],
    ['list_hidden/bias', network.hiddenBias],
    ['list_output/kernel', folded(network.listOutput)],
    ['list_output/bias', bias],
    ['hidden_output/kernel', folded(network.output)],
  ]);
}

/** Rows of eleven outputs as rows of ten calibrated ones. */
function foldOutputs(matrix: Float32Array, calibrations: readonly Calibration[]): Float32Array {
  const rows = matrix.length / OUTPUTS;
  const result = new Float32Array(rows * SIZE);
  for (let row = 0; row < rows; row++) {
    const any = matrix[row * OUTPUTS + ANY] ?? 0;
    for (let index = 0; index < SIZE; index++) {
      const calibration = calibrations[index];
      const own = matrix[row * OUTPUTS + index] ?? 0;
      result[row * SIZE + index] = (calibration?.own ?? 1) * own + (calibration?.any ?? 0) * any;
    }
  }
  return result;
}

function wordTable(network: Network): Float32Array {
  const { hidden } = network.options;
  const table = Float32Array.from(network.residual);
  const { vectors, projection } = network;
  if (vectors === undefined) return table;
  const vector = new Float64Array(vectors.size);
  for (let bucket = 0; bucket < WORD_BUCKETS; bucket++) {
    vector.fill(0);
    vectors.addTo(vector, bucket, 1);
    for (let at = 0; at < vectors.size; at++) {
      const value = vector[at] ?? 0;
      if (value === 0) continue;
      for (let unit = 0; unit < hidden; unit++) {
        const to = bucket * hidden + unit;
        table[to] = (table[to] ?? 0) + value * (projection[at * hidden + unit] ?? 0);
      }
    }
  }
  return table;
}
