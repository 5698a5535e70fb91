import type { PolicyConfig } from '../config/index.js';
import type { Direction } from '../core/index.js';
import { BUILT_IN_NOTICES, type NoticesByDirection, overrideNotices } from './notices.js';

/** What clients are told about blocks, and about answers. */
export interface AnswerRules {
  readonly blockAs: Readonly<Record<Direction, 'error' | 'refusal'>>;
  readonly notices: NoticesByDirection;
  /** Whether a stream that is stopped midway ends with the notice as text. */
  readonly noticeAsText: boolean;
  /** Where an Output is labeled as generated. */
  readonly aiLabel: { readonly header: boolean; readonly field: boolean };
}

/** What holds where no policy says otherwise. */
export const BUILT_IN_ANSWERS: AnswerRules = {
  blockAs: { input: 'error', output: 'refusal' },
  notices: BUILT_IN_NOTICES,
  noticeAsText: false,
  aiLabel: { header: false, field: false },
};

/** Returns the rules with what a policy writes put over the inherited ones. */
export function overrideAnswers(base: AnswerRules, written: PolicyConfig): AnswerRules {
  const { blockAs, notices, noticeAsText, aiLabel } = written;
  return {
    blockAs: { input: blockAs?.input ?? base.blockAs.input, output: blockAs?.output ?? base.blockAs.output },
    notices: overrideNotices(base.notices, notices),
    noticeAsText: noticeAsText ?? base.noticeAsText,
    aiLabel: { header: aiLabel?.header ?? base.aiLabel.header, field: aiLabel?.field ?? base.aiLabel.field },
  };
}
