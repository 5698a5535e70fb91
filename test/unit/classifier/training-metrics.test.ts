import { calibrate, calibrated, calibrationError } from '../../../models/classifier/train/calibrate.js';
import { compareBaseline } from '../../../models/classifier/train/compare-baseline.js';
import { quantize } from '../../../models/classifier/train/write-model.js';
import { Random } from '../../../src/commands/eval-random.js';

describe('calibrate', () => {
  it('makes probabilities of logits that are too sure of themselves', () => {
    const random = new Random(3);
    const scored = Array.from({ length: 4000 }, () => {
      const truth = random.normal() - 1;
      const label = random.next() < 1 / (1 + Math.exp(-truth)) ? 1 : 0;
      return {
        logits: new Array(11).fill(truth * 4 + 2),
        targets: new Array(10).fill(label),
        weights: new Array(10).fill(1),
      };
    });
    const labels = scored.map(({ targets }) => targets[0] ?? 0);
    const raw = scored.map(({ logits }) => 1 / (1 + Math.exp(-(logits[0] ?? 0))));
    const [first] = calibrate(scored);
    const probabilities = scored.map(({ logits }) => calibrated(first ?? { own: 1, any: 0, offset: 0 }, logits, 0));
    expect(calibrationError(raw, labels)).toBeGreaterThan(0.1);
    expect(calibrationError(probabilities, labels)).toBeLessThan(0.02);
  });
});

describe('quantize', () => {
  it('meets zero exactly and every value within half a step', () => {
    const values = Float32Array.from({ length: 500 }, (_, at) => (at % 5 === 0 ? 0 : Math.sin(at)));
    const { bytes, scale, min } = quantize(values);
    values.forEach((value, at) => {
      const read = (bytes[at] ?? 0) * scale + min;
      expect(Math.abs(read - value)).toBeLessThanOrEqual(scale / 2 + 1e-9);
      if (value === 0) expect(read).toBeCloseTo(0, 12);
    });
  });
});

describe('compareBaseline', () => {
  it('compares on the same rows, leaves rare categories out, and gives the mean last', () => {
    const random = new Random(5);
    const rows = Array.from({ length: 600 }, (_, at) => {
      const label = at % 4 === 0 ? 1 : 0;
      return {
        logits: new Array(10).fill(label * 2 + random.normal()),
        targets: [label, label, ...new Array(8).fill(0)],
        // The second category is annotated in too few rows.
        weights: [1, at < 100 ? 1 : 0, ...new Array(8).fill(1)],
      };
    });
    const noise = rows.map(() => new Array(11).fill(random.normal()));
    const figures = compareBaseline(rows, noise, random);
    expect(figures.map(({ category, positives }) => [category, positives])).toEqual([
      ['abusive', 150],
      ['all', 150],
    ]);
    const [first] = figures;
    expect(first?.model).toBeGreaterThan((first?.baseline ?? 1) + 0.3);
    expect(first?.interval[0]).toBeGreaterThan(0.2);
  });
});
