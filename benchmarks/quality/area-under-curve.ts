/** Chance that a random positive scores above a random negative, ties half; NaN when either side is empty. O(n log n). */
export function areaUnderCurve(positives: readonly number[], negatives: readonly number[]): number {
  const counts = new Map<number, { positive: number; negative: number }>();
  const add = (score: number, side: 'positive' | 'negative'): void => {
    const at = counts.get(score) ?? { positive: 0, negative: 0 };
    at[side] += 1;
    counts.set(score, at);
  };
  for (const score of positives) add(score, 'positive');
  for (const score of negatives) add(score, 'negative');
  let below = 0;
  let wins = 0;
  for (const [, { positive, negative }] of [...counts].sort(([a], [b]) => a - b)) {
    wins += positive * (below + negative / 2);
    below += negative;
  }
  return wins / (positives.length * negatives.length);
}
