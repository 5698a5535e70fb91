import { memory } from '@tensorflow/tfjs-core';
import { loadClassifier } from '../../../src/classifier/index.js';
import { CATEGORY_INDEX, LIST_COUNT_SIZE, ModelLoadError } from '../../../src/core/index.js';
import { type OwnModelOptions, writeOwnModel } from '../../support/own-model.js';
import { TempFolder } from '../../support/temp-folder.js';

describe('a layers model of another architecture', () => {
  // Each model is written over the one before.
  const folder = new TempFolder();

  it('scores the categories it names, the others 0, and leaks no tensor', async () => {
    await writeOwnModel(folder.path, { rows: 1 << 17 });
    const before = memory().numTensors;
    const classifier = await loadClassifier({ path: folder.path, backend: 'tfjs-cpu' });
    expect(classifier.backend).toBe('tfjs-cpu');
    const loaded = memory().numTensors;
    const severe = new Float32Array(LIST_COUNT_SIZE);
    severe[3] = 1;
    for (let call = 0; call < 100; call += 1) classifier.score(`zorgblat ${call}`, severe);
    expect(memory().numTensors).toBe(loaded);
    const quiet = classifier.score('zorgblat').slice();
    const loud = classifier.score('zorgblat', severe).slice();
    expect(quiet[CATEGORY_INDEX.violence]).toBeCloseTo(1 / (1 + Math.exp(2)), 3);
    expect(quiet[CATEGORY_INDEX.crime]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 3);
    expect(loud[CATEGORY_INDEX.violence]).toBeGreaterThan(quiet[CATEGORY_INDEX.violence] ?? 1);
    expect([...loud].filter((score) => score === 0)).toHaveLength(8);
    classifier.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('runs on TensorFlow.js by itself', async () => {
    await writeOwnModel(folder.path);
    const classifier = await loadClassifier({ path: folder.path, backend: 'auto' });
    expect(classifier.backend).toBe('tfjs-wasm');
    classifier.dispose();
  });

  it.each<[string, OwnModelOptions, 'kernel' | 'tfjs-cpu', RegExp]>([
    ['on the kernel', {}, 'kernel', /`kernel` runs the shipped architecture alone/],
    ['with another input', { input: 'tokens' }, 'tfjs-cpu', /no input is named tokens; there are: grams_buckets/],
    ['with a table that is too small', { rows: 8 }, 'tfjs-cpu', /needs 131072 rows/],
    [
      'with fewer outputs than categories',
      { metadata: { categories: ['crime', 'minors', 'sexual'] } },
      'tfjs-cpu',
      /one output of 3 scores/,
    ],
    ['with scores that are no probabilities', { activation: 'linear' }, 'tfjs-cpu', /not in \[0, 1\]/],
    ['of another encoding', { metadata: { input: 'tokens' } }, 'tfjs-cpu', /input: must be `hashed`/],
    ['for an unknown category', { metadata: { categories: ['zorg'] } }, 'tfjs-cpu', /categories\.0/],
    ['without a word on its input', { metadata: { input: undefined } }, 'tfjs-cpu', /"input": "hashed"/],
    ['without hashes', { metadata: { sha256: undefined } }, 'tfjs-cpu', /metadata\.json: sha256/],
  ])('is refused %s', async (_name, options, backend, message) => {
    await writeOwnModel(folder.path, options);
    const loading = loadClassifier({ path: folder.path, backend });
    await expect(loading).rejects.toThrow(ModelLoadError);
    await expect(loading).rejects.toThrow(message);
  });
});
