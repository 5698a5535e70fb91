import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { input, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** How a model of a user's own is made up. */
export interface OwnModelOptions {
  /** Name of its one input, which is the list counts. */
  readonly input?: string;
  readonly activation?: 'sigmoid' | 'linear';
  /** Rows of a table over the n-grams; no table when left out. */
  readonly rows?: number;
  /** What the table holds; with `randomUniform` a padded text scores differently. */
  readonly table?: 'zeros' | 'randomUniform';
  /** What `metadata.json` says beside the hashes. */
  readonly metadata?: object;
}

/** Writes a layers model of another architecture, with two outputs that rise with severe list hits of the first category. */
export async function writeOwnModel(folder: string, options: OwnModelOptions = {}): Promise<void> {
  await tf.setBackend('cpu');
  const lists = input({ shape: [40], name: options.input ?? 'lists' });
  const kernel = tf.tidy(() =>
    tf
      .buffer(
        [40, 2],
        'float32',
        Float32Array.from({ length: 80 }, (_, at) => (at === 6 ? 9 : 0)),
      )
      .toTensor(),
  );
  const bias = tf.tensor1d([-2, 0.5]);
  const dense = layers.dense({ units: 2, activation: options.activation ?? 'sigmoid', weights: [kernel, bias] });
  const scores = dense.apply(lists) as SymbolicTensor;
  const inputs = [lists];
  let output = scores;
  if (options.rows !== undefined) {
    const grams = input({ shape: [null], dtype: 'int32', name: 'grams_buckets' });
    inputs.push(grams);
    const table = layers.embedding({
      inputDim: options.rows,
      outputDim: 2,
      embeddingsInitializer: options.table ?? 'zeros',
    });
    const mean = layers.globalAveragePooling1d({}).apply(table.apply(grams)) as SymbolicTensor;
    output = layers.add().apply([scores, mean]) as SymbolicTensor;
  }
  const net = model({ inputs, outputs: output });
  await net.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const files = {
        'model.json': JSON.stringify({
          modelTopology,
          weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
        }),
        'weights.bin': Buffer.from(weightData as ArrayBuffer),
      };
      const hashes = Object.entries(files).map(([name, data]) => [
        name,
        createHash('sha256').update(data).digest('hex'),
      ]);
      for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, name), data);
      const metadata = { input: 'hashed', categories: ['violence', 'crime'], ...options.metadata };
      writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ sha256: Object.fromEntries(hashes), ...metadata }));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  net.dispose();
  tf.dispose([kernel, bias]);
}
