import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { loadBatchModel, loadClassifier } from '../../../src/classifier/index.js';
import { CATEGORIES, ModelLoadError } from '../../../src/core/index.js';
import { writeOwnModel } from '../../support/own-model.js';
import { TempFolder } from '../../support/temp-folder.js';

const SHIPPED = join(__dirname, '../../../models/classifier');
const TEXTS = ['I will find you and hurt you', 'good morning', '', '我要杀了你', 'a much longer text '.repeat(30)];

describe('a batch model', () => {
  const folder = new TempFolder();

  it('scores texts of different lengths in one call as the kernel scores each alone', async () => {
    const model = await loadBatchModel({ path: SHIPPED, backend: 'tfjs-cpu' });
    const kernel = await loadClassifier({ backend: 'kernel' });
    expect(model.batches).toBe(true);
    expect(model.categories).toEqual(CATEGORIES);
    const scores = model.scoreAll(TEXTS);
    for (const [at, text] of TEXTS.entries()) {
      const alone = kernel.score(text);
      const furthest = Math.max(...[...alone].map((score, index) => Math.abs(score - (scores[at]?.[index] ?? 9))));
      expect(furthest).toBeLessThan(1e-3);
    }
    expect(model.scoreAll([])).toEqual([]);
    model.dispose();
  });

  it('gets one text a call when company changes its scores, and leaks no tensor', async () => {
    await writeOwnModel(folder.path, { rows: 1 << 17, table: 'randomUniform' });
    const before = memory().numTensors;
    const model = await loadBatchModel({ path: folder.path, backend: 'tfjs-cpu' });
    expect(model.batches).toBe(false);
    const together = model.scoreAll(TEXTS).map((each) => [...each]);
    expect(together).toEqual(TEXTS.map((text) => [...(model.scoreAll([text])[0] ?? [])]));
    model.dispose();
    model.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('is refused when its scores are no probabilities', async () => {
    await writeOwnModel(folder.path, { activation: 'linear' });
    const loading = loadBatchModel({ path: folder.path, backend: 'tfjs-cpu' });
    await expect(loading).rejects.toThrow(ModelLoadError);
    await expect(loading).rejects.toThrow(/not in \[0, 1\]/);
  });
});
