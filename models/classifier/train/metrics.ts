/** Average precision of scores with 0/1 labels; ties count against. `NaN` without positives. */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = ranked(scores, labels);
  let found = 0;
  let sum = 0;
  order.forEach((index, at) => {
    if (labels[index] === 1) sum += ++found / (at + 1);
  });
  return found === 0 ? Number.NaN : sum / found;
}

/** Area under the ROC curve; ties count half. `NaN` without both classes. */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = ranked(scores, labels).reverse();
  let rankSum = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    for (let at = from; at < to; at++) {
      if (labels[order[at] ?? 0] === 1) {
        positives++;
        rankSum += (from + to + 1) / 2;
      }
    }
    from = to;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Share of positives above the score that `rate` of the negatives reach. */
export function recallAtRate(scores: ArrayLike<number>, labels: ArrayLike<number>, rate: number): number {
  const threshold = thresholdAtRate(
    Array.from(scores).filter((_, at) => labels[at] === 0),
    rate,
  );
  const positives = Array.from(scores).filter((_, at) => labels[at] === 1);
  return positives.filter((score) => score >= threshold).length / positives.length;
}

/** Least threshold that at most `rate` of `scores` reach, strictly above the next lower score. */
export function thresholdAtRate(scores: readonly number[], rate: number): number {
  const sorted = [...scores].sort((a, b) => b - a);
  const next = sorted[Math.floor(sorted.length * rate)] ?? 0;
  return next + 1e-6;
}

function ranked(scores: ArrayLike<number>, labels: ArrayLike<number>): number[] {
  const order = Array.from({ length: scores.length }, (_, index) => index);
  return order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || (labels[a] ?? 0) - (labels[b] ?? 0));
}
