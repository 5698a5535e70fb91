import { calibrate, calibrated, calibrationError } from '../../../models/classifier/train/calibrate.js';
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
