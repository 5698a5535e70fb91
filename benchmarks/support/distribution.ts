/** The value below which a share of the values lies, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** How many values lie in each range; a range ends at its bound, the last one is open. */
export function histogram(values: readonly number[], bounds: readonly number[]): { range: string; count: number }[] {
  const lower = [Number.NEGATIVE_INFINITY, ...bounds];
  return lower.map((above, index) => {
    const bound = bounds[index];
    const count = values.filter((value) => value > above && (bound === undefined || value <= bound)).length;
    const from = index === 0 ? bound : above + 1;
    const range = bound === undefined ? `> ${above}` : from === bound ? `${bound}` : `${from} to ${bound}`;
    return { range, count };
  });
}

/** A histogram as lines of text, one bar a range. */
export function drawHistogram(bars: readonly { readonly range: string; readonly count: number }[]): string {
  const total = bars.reduce((sum, { count }) => sum + count, 0);
  const width = Math.max(...bars.map(({ range }) => range.length));
  return bars
    .map(({ range, count }) => {
      const share = count / total;
      return `  ${range.padStart(width)} ${`${(share * 100).toFixed(1)} %`.padStart(8)} ${'#'.repeat(Math.ceil(share * 60))}`;
    })
    .join('\n');
}
