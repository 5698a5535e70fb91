import type { LexiconDetection, Verdict } from '../core/index.js';
import type { SeamMatch } from './seam-judge.js';

/** The verdict on what is split over some texts. */
export interface SeamVerdict {
  /** Which texts, from 0, in their order. */
  readonly texts: readonly number[];
  /** Its spans count through these texts, laid end to end. */
  readonly verdict: Verdict;
}

/** Matches over the same texts. */
export interface SeamGroup {
  readonly texts: readonly number[];
  /** Their spans count through the texts of the group, laid end to end. */
  readonly detections: readonly LexiconDetection[];
}

/** Returns the matches by the texts that they run over, first texts first. Never throws. */
export function groupSeams(matches: readonly SeamMatch[], texts: readonly string[]): SeamGroup[] {
  const groups = new Map<string, { texts: number[]; detections: LexiconDetection[] }>();
  for (const { detection, start, end } of matches) {
    const over: number[] = [];
    for (let text = start.text; text <= end.text; text += 1) over.push(text);
    const before = over.slice(0, -1).reduce((length, text) => length + (texts[text]?.length ?? 0), 0);
    const group = groups.get(over.join()) ?? { texts: over, detections: [] };
    group.detections.push({ ...detection, span: { start: start.offset, end: before + end.offset } });
    groups.set(over.join(), group);
  }
  return [...groups.values()];
}
