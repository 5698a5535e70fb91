import { LIST_COUNT_SIZE, type ListCounts } from '../core/index.js';

const MOST = 3;

/** A count of list detections as the model reads it: logarithmic and bounded, so that long lists of hits cannot drown the text. */
export function scaleListCount(count: number): number {
  return count <= 0 ? 0 : Math.min(Math.log1p(count), MOST);
}

/** All counts as the model reads them, length `LIST_COUNT_SIZE`. */
export function scaleListCounts(counts: ListCounts | undefined): Float32Array {
  const scaled = new Float32Array(LIST_COUNT_SIZE);
  if (counts !== undefined) {
    for (let index = 0; index < LIST_COUNT_SIZE; index++) scaled[index] = scaleListCount(counts[index] ?? 0);
  }
  return scaled;
}
