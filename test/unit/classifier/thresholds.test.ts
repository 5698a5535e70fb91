import type { Row } from '../../../models/classifier/train/read-rows.js';
import { chooseThresholds, type JudgedRow } from '../../../models/classifier/train/thresholds.js';
import { Random } from '../../../src/commands/eval-random.js';
import { CATEGORIES } from '../../../src/core/index.js';

const TRUSTED = CATEGORIES.map((category) => category !== 'impersonation');
const random = new Random(1);

function judged(role: Row['role'], positive: number | undefined, score: () => number): JudgedRow {
  const any = positive === undefined ? 0 : 1;
  const row: Row = { text: '', lang: 'en', role, labels: {}, any, split: 'dev', source: 'belle_zh' };
  return {
    row,
    targets: CATEGORIES.map((_, index) => (index === positive ? 1 : 0)),
    probabilities: CATEGORIES.map((_, index) => (index === positive ? score() : random.next() ** 12)),
  };
}

const rows = [
  ...Array.from({ length: 2000 }, () => judged('input', undefined, () => 0)),
  ...CATEGORIES.flatMap((_, index) =>
    Array.from({ length: 100 }, () => judged('input', index, () => random.next() ** 0.1)),
  ),
];

describe('chooseThresholds', () => {
  const { flag, block } = chooseThresholds(rows, 'input', TRUSTED);

  it.each([
    ['flags', flag, 0.02],
    ['blocks', block, 0.002],
  ])('%s no more harmless rows than allowed, all categories together', (_name, thresholds, limit) => {
    const benign = rows.filter(({ row }) => row.any === 0);
    const reached = benign.filter(({ probabilities }) =>
      probabilities.some((each, index) => each >= (thresholds[index] ?? 1)),
    );
    expect(reached.length / benign.length).toBeLessThanOrEqual(limit);
  });

  it('finds positives of every category, and never blocks for one that is not trusted', () => {
    CATEGORIES.forEach((category, index) => {
      const own = rows.filter(({ targets }) => targets[index] === 1);
      const found = own.filter(({ probabilities }) => (probabilities[index] ?? 0) >= (flag[index] ?? 1));
      expect(found.length / own.length).toBeGreaterThan(0.05);
      expect(flag[index]).toBeLessThanOrEqual(block[index] ?? 0);
      if (category === 'impersonation') expect(block[index]).toBe(Number.POSITIVE_INFINITY);
    });
    expect(block.filter(Number.isFinite).length).toBeGreaterThan(4);
  });

  it('reads only rows of its direction', () => {
    const answers = Array.from({ length: 500 }, () => judged('output', undefined, () => 0));
    const certain = answers.map((each) => ({ ...each, probabilities: CATEGORIES.map(() => 0.9998) }));
    expect(chooseThresholds([...rows, ...certain], 'input', TRUSTED)).toEqual({ flag, block });
    expect(chooseThresholds([...rows, ...certain], 'output', TRUSTED)).not.toEqual({ flag, block });
  });
});
