import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { histogram, percentile } from '../../../benchmarks/support/distribution.js';
import { tokensOf } from '../../../benchmarks/support/tokens.js';

const BENIGN = join(__dirname, '../../../benchmarks/speed/benign');

describe('tokensOf', () => {
  it.each(readdirSync(BENIGN))('loses nothing of %s, and cuts it the same every time', (file) => {
    const text = readFileSync(join(BENIGN, file), 'utf8');
    const tokens = tokensOf(text);
    expect(tokens.join('')).toBe(text);
    expect(tokensOf(text)).toEqual(tokens);
    expect(tokens.length).toBeGreaterThan(text.length / 6);
  });

  it('keeps common words whole, with the space before them, and cuts long ones', () => {
    expect(tokensOf('The weather, 2024')).toEqual(['The', ' weather', ',', ' 202', '4']);
    expect(tokensOf('extraordinarily').length).toBeGreaterThan(1);
  });
});

it('percentile takes the nearest rank', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 3, 5, 5]);
  expect(percentile([], 0.5)).toBeNaN();
});

it('histogram counts every value once', () => {
  expect(histogram([0, 0, 1, 2, 3, 9], [0, 1, 3])).toEqual([
    { range: '0', count: 2 },
    { range: '1', count: 1 },
    { range: '2 to 3', count: 2 },
    { range: '> 3', count: 1 },
  ]);
});
