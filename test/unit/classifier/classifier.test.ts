import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { loadClassifier } from '../../../src/classifier/index.js';
import { LIST_COUNT_SIZE, ModelLoadError, type TextClassifier } from '../../../src/core/index.js';

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

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function manyTexts(count: number, random: () => number): string[] {
  const pick = (): string => PIECES[Math.floor(random() * PIECES.length)] ?? '';
  return [
    ...TEXTS,
    ...Array.from({ length: count }, () => [pick(), pick(), pick()].join(' ').slice(Math.floor(random() * 5))),
  ];
}

describe('classifier', () => {
  let kernel: TextClassifier;
  beforeAll(async () => {
    kernel = await loadClassifier({ backend: 'auto' });
  });

  it('takes the kernel by default, with vector instructions', () => {
    expect(kernel.backend).toBe('kernel-simd');
  });

  it('gives the very same scores without vector instructions, and says so', async () => {
    const plain = await loadClassifier({ backend: 'auto', simd: false });
    expect(plain.backend).toBe('kernel');
    for (const text of manyTexts(200, mulberry(3))) expect(plain.score(text)).toEqual(kernel.score(text));
  });

  it('agrees with the layers model on a thousand texts, and leaks no tensor', async () => {
    const layers = await loadClassifier({ backend: 'tfjs-cpu' });
    expect(layers.backend).toBe('tfjs-cpu');
    const before = memory().numTensors;
    const random = mulberry(7);
    for (const text of manyTexts(1000, random)) {
      const counts =
        random() < 0.5 ? undefined : Float32Array.from({ length: LIST_COUNT_SIZE }, () => Math.floor(random() * 1.2));
      const actual = kernel.score(text, counts);
      const expected = layers.score(text, counts);
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

  it('reads the list counts', () => {
    const silent = [...kernel.score('zorgblat')];
    expect([...kernel.score('zorgblat', new Float32Array(LIST_COUNT_SIZE))]).toEqual(silent);
    const severe = new Float32Array(LIST_COUNT_SIZE);
    severe[3] = 1;
    expect(kernel.score('zorgblat', severe)[0]).toBeGreaterThan(silent[0] ?? 1);
    const running = kernel.begin();
    running.append('zorgblat');
    expect([...running.scores(severe)]).toEqual([...kernel.score('zorgblat', severe)]);
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
