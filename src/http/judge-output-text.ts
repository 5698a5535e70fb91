import type { TextField, Verdict } from '../core/index.js';
import type { Moderator } from '../moderator/index.js';
import { redactText } from '../policy/index.js';
import { readNotice } from './block-info.js';
import { hearWhole } from './evidence.js';
import { type Exchange, type RecordDeps, recordVerdict } from './exchange.js';
import { asLeadIn, type TextBefore } from './text-before.js';

/** A text of an Output after screening. */
export interface JudgedText {
  readonly verdict: Verdict;
  /** What may pass: redacted, or a notice in place of a blocked text. */
  readonly text: string;
}

/** Judges and records one text of an Output that stands alone. */
export function judgeOutputText(
  deps: RecordDeps & { readonly moderator: Moderator },
  { path, text }: TextField,
  { exchange, before }: { readonly exchange: Exchange; readonly before: TextBefore | undefined },
): JudgedText {
  const { policy } = exchange;
  const verdict = deps.moderator.moderate(text, { direction: 'output', policy, ...asLeadIn(before) });
  recordVerdict(deps, { verdict, direction: 'output', field: path, before, hear: hearWhole(text), exchange });
  return { verdict, text: passingText(text, verdict, exchange) };
}

/** Returns what may pass of a text of an Output that stands alone: redacted, or a notice in place of a blocked one. */
export function passingText(text: string, verdict: Verdict, exchange: Exchange): string {
  if (verdict.applied === 'block') return readNotice(verdict, 'output', exchange).notice;
  return verdict.applied === 'redact' ? redactText(text, verdict.hits, exchange.policy.mask) : text;
}
