import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { loadClassifier } from '../../../src/classifier/index.js';
import { ModelLoadError, type TextClassifier } from '../../../src/core/index.js';

const MODEL = join(__dirname, '../../../models/classifier');
const PIECES = [
  'zorgblat',
  'How are you',
  '今天天气很好',
  'Quux, 12 plinths!',
  'приветик',
  '\u{1F600} café',
  'a'.repeat(90),
];
const TEXTS = ['', ...PIECES, ...PIECES.flatMap((first) => PIECES.slice(0, 4).map((second) => `${first} ${second}`))];

describe('classifier', () => {
  let kernel: TextClassifier;
  beforeAll(async () => {
    kernel = await loadClassifier({ backend: 'auto' });
  });

  it('takes the kernel by default', () => {
    expect(kernel.backend).toBe('kernel');
  });

  it('agrees with the layers model and leaks no tensor', async () => {
    const layers = await loadClassifier({ backend: 'tfjs-cpu' });
    expect(layers.backend).toBe('tfjs-cpu');
    const before = memory().numTensors;
    for (const text of TEXTS) {
      const actual = kernel.score(text);
      const expected = layers.score(text);
      expected.forEach((score, index) => {
        expect(Math.abs(score - (actual[index] ?? Number.NaN))).toBeLessThanOrEqual(1e-3);
      });
    }
    expect(memory().numTensors).toBe(before);
    layers.dispose();
    layers.dispose();
  });

  it.each([1, 2, 5])('a running score in pieces of %i units equals the score of the whole', (size) => {
    for (const text of TEXTS) {
      const running = kernel.begin();
      for (let at = 0; at < text.length; at += size) {
        running.append(text.slice(at, at + size));
        running.scores();
      }
      expect([...running.scores()]).toEqual([...kernel.score(text)]);
    }
  });

  it('refuses a missing and a changed model', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-model-'));
    try {
      await expect(loadClassifier({ path: folder, backend: 'kernel' })).rejects.toThrow(ModelLoadError);
      copyFileSync(join(MODEL, 'metadata.json'), join(folder, 'metadata.json'));
      copyFileSync(join(MODEL, 'model.json'), join(folder, 'model.json'));
      writeFileSync(join(folder, 'weights.bin'), 'zorgblat');
      await expect(loadClassifier({ path: folder, backend: 'kernel' })).rejects.toThrow('SHA-256');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
