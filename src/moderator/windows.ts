import { findEvaluationPoint, MAX_WINDOW_UNITS } from './evaluation-points.js';

/**
 * A whole text in pieces for a model that reads one at a time: each ends at the first evaluation point at which it is longer than a
 * classifier window, so none is much longer than that. Joined, they are the text; an empty text has none.
 */
export function windowsOf(text: string): string[] {
  const windows: string[] = [];
  let start = 0;
  let previous = 0;
  for (;;) {
    const point = findEvaluationPoint(text, previous);
    if (point === undefined) break;
    previous = point;
    if (point - start <= MAX_WINDOW_UNITS) continue;
    windows.push(text.slice(start, point));
    start = point;
  }
  if (start < text.length) windows.push(text.slice(start));
  return windows;
}
