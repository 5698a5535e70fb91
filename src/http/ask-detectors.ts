import type { ExtraDetector, TextField, Verdict } from '../core/index.js';
import { addFindings, type ResolvedPolicy } from '../policy/index.js';

/** Texts and what the detectors of this process make of them. */
export interface JudgedFields {
  readonly fields: readonly TextField[];
  readonly verdicts: readonly Verdict[];
  readonly policy: ResolvedPolicy;
}

/**
 * Asks every detector about all texts at once and resolves to the verdicts with what they found. Nothing is asked about a
 * request that is stopped anyway: its text need not leave the house. Never rejects.
 */
export async function askDetectors(
  detectors: readonly ExtraDetector[],
  { fields, verdicts, policy }: JudgedFields,
): Promise<readonly Verdict[]> {
  if (verdicts.some(({ applied }) => applied === 'block')) return verdicts;
  const asked = [...fields.keys()].filter((index) => fields[index]?.text.trim() !== '');
  if (asked.length === 0) return verdicts;
  const texts = asked.map((index) => fields[index]?.text ?? '');
  const answers = await Promise.all(
    detectors.map(async (detector) => ({ name: detector.name, ...(await detector.judge(texts)) })),
  );
  const failures = answers.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, failure }]));
  const result = [...verdicts];
  for (const [position, index] of asked.entries()) {
    const verdict = verdicts[index];
    if (verdict === undefined) continue;
    const detections = answers.flatMap((answer) => answer.detections[position] ?? []);
    result[index] = addFindings(verdict, { detections, failures }, { policy, direction: 'input' });
  }
  return result;
}
