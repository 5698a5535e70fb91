import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATEGORIES, DIRECTIONS } from '../../../src/core/index.js';
import { CLASSIFIER_THRESHOLDS } from '../../../src/policy/classifier-thresholds.js';

interface Metadata {
  readonly thresholds: Record<'input' | 'output', Record<'flag' | 'block', (number | null)[]>>;
}

const file = join(__dirname, '../../../models/classifier/metadata.json');
const { thresholds } = JSON.parse(readFileSync(file, 'utf8')) as Metadata;

describe('CLASSIFIER_THRESHOLDS', () => {
  it.each(DIRECTIONS)('are those chosen with the shipped model, %s', (direction) => {
    const { flag, block } = thresholds[direction];
    const expected = CATEGORIES.map((category, index) => [
      category,
      [flag[index], block[index] ?? Number.POSITIVE_INFINITY],
    ]);
    expect(CLASSIFIER_THRESHOLDS[direction]).toEqual(Object.fromEntries(expected));
  });

  it.each(DIRECTIONS)('block no sooner than they flag, %s', (direction) => {
    for (const [flag, block] of Object.values(CLASSIFIER_THRESHOLDS[direction])) {
      expect(flag).toBeGreaterThan(0);
      expect(block).toBeGreaterThanOrEqual(flag);
    }
  });
});
