import type { BatchModel } from '../../../src/classifier/index.js';
import { ModelDetectorConfig } from '../../../src/config/index.js';
import { CATEGORIES } from '../../../src/core/index.js';
import { createMetrics, ModelDetector } from '../../../src/http/index.js';

const METRICS = createMetrics();

/** A model that finds violence in what says `zorgblat`, and remembers what shared a call. */
class FakeModel implements BatchModel {
  readonly version = 'v';
  readonly backend = 'tfjs-cpu';
  readonly batches = true;
  readonly categories = ['violence', 'crime'] as const;
  readonly calls: string[][] = [];
  disposed = 0;
  broken = false;

  scoreAll(texts: readonly string[]): Float32Array[] {
    if (this.broken) throw new Error('no backend');
    this.calls.push([...texts]);
    return texts.map((text) => {
      const scores = new Float32Array(CATEGORIES.length);
      scores[CATEGORIES.indexOf('violence')] = text.includes('zorgblat') ? 0.75 : 0.25;
      return scores;
    });
  }

  dispose(): void {
    this.disposed += 1;
  }
}

function detectorOf(options: object = {}) {
  const model = new FakeModel();
  const warnings: object[] = [];
  const logger = { info: () => {}, warn: (fields: object) => void warnings.push(fields), error: () => {} };
  const config = ModelDetectorConfig.parse({ kind: 'tensorflow-model', path: 'x', ...options });
  return { model, warnings, detector: new ModelDetector({ config, model, logger, metrics: METRICS }) };
}

describe('ModelDetector', () => {
  it('gives a score for each of its categories, over the whole text, under its own name', async () => {
    const { detector } = detectorOf({ name: 'mine' });
    const { detections, failure } = await detector.judge(['a zorgblat', 'fine']);
    expect(failure).toBeUndefined();
    expect(detections.map((each) => each.map(({ category, score }) => [category, score]))).toEqual([
      [
        ['violence', 0.75],
        ['crime', 0],
      ],
      [
        ['violence', 0.25],
        ['crime', 0],
      ],
    ]);
    expect(detections[0]?.[0]).toMatchObject({ source: 'model:mine', span: { start: 0, end: 10 } });
  });

  it('puts what waits at the same time into one call, as many as fit', async () => {
    const { detector, model } = detectorOf({ maxBatch: 4 });
    const texts = Array.from({ length: 6 }, (_, at) => `text ${at}`);
    await Promise.all(texts.map((text) => detector.judge([text])));
    expect(model.calls.map(({ length }) => length)).toEqual([4, 2]);
    expect(model.calls.flat()).toEqual(texts);
  });

  it('judges a long text in windows and keeps the highest score', async () => {
    const { detector, model } = detectorOf();
    const calm = 'this is a calm sentence. '.repeat(60);
    const { detections } = await detector.judge([`${calm}zorgblat. ${calm}`]);
    expect(model.calls.flat().length).toBeGreaterThan(4);
    expect(detections[0]?.find(({ category }) => category === 'violence')?.score).toBe(0.75);
  });

  it('has nothing to ask about an empty text', async () => {
    const { detector, model } = detectorOf();
    expect((await detector.judge([''])).detections[0]?.every(({ score }) => score === 0)).toBe(true);
    expect(model.calls).toEqual([]);
  });

  it.each([
    ['block', { failure: 'block' }],
    ['allow', { failure: 'allow' }],
    ['ignore', {}],
  ])('answers a model that breaks with onError: %s', async (onError, expected) => {
    const { detector, model, warnings } = detectorOf({ onError });
    model.broken = true;
    expect(await detector.judge(['a', 'b'])).toEqual({ detections: [[], []], ...expected });
    expect(warnings).toMatchObject([{ detector: 'model:model', reason: 'broken' }]);
    model.broken = false;
    expect((await detector.judge(['zorgblat'])).failure).toBeUndefined();
  });

  it('refuses what does not fit into the queue, but never a single request', async () => {
    const { detector, warnings } = detectorOf({ maxQueued: 2 });
    const three = detector.judge(['a', 'b', 'c']);
    expect(await detector.judge(['d'])).toMatchObject({ failure: 'block' });
    expect(warnings).toMatchObject([{ reason: 'overloaded' }]);
    expect((await three).failure).toBeUndefined();
    expect((await detector.judge(['d'])).failure).toBeUndefined();
  });

  it('lets go of a request whose time is over before its turn', async () => {
    const { detector, model, warnings } = detectorOf({ timeoutMs: 1, maxBatch: 1 });
    const scoreAll = model.scoreAll.bind(model);
    model.scoreAll = (texts) => {
      const end = Date.now() + 5;
      while (Date.now() < end);
      return scoreAll(texts);
    };
    expect((await detector.judge(Array.from({ length: 50 }, (_, at) => `text ${at}`))).failure).toBe('block');
    expect(warnings).toMatchObject([{ reason: 'timeout' }]);
    expect(model.calls.length).toBeLessThan(50);
  });

  it('frees the model when it is closed', async () => {
    const { detector, model } = detectorOf();
    await detector.close();
    expect(model.disposed).toBe(1);
  });
});
