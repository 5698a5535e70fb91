import type { BlockInfo } from '../adapters/index.js';
import type { Category, Clock, Direction, Verdict } from '../core/index.js';
import { chooseLanguage, fillNotice } from '../policy/index.js';
import type { Exchange } from './exchange.js';

/** What is blocked. */
export interface Blocked {
  readonly verdict: Verdict;
  readonly direction: Direction;
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** The one place that the verdict is on. */
  readonly field?: string | undefined;
}

/** Returns what a client is told about a block, in the language of the conversation. */
export function blockInfo({ verdict, direction, exchange, clock, field }: Blocked): BlockInfo {
  const { requestId, policy } = exchange;
  const { blockAs, noticeAsText } = policy.answers;
  return {
    ...readNotice(verdict, direction, exchange),
    hitId: requestId,
    timeMs: clock.now(),
    ...(field === undefined ? {} : { field }),
    category: blockingCategory(verdict),
    direction,
    blockAs: blockAs[direction],
    noticeAsText,
  };
}

/** Returns the sentence that a reader gets in place of what is blocked, in the language of the conversation. */
export function readNotice(
  verdict: Verdict,
  direction: Direction,
  exchange: Exchange,
): Pick<BlockInfo, 'notice' | 'language'> {
  const { requestId, policy, language } = exchange;
  const notices = policy.answers.notices[direction];
  const chosen = chooseLanguage([...notices.keys()], { text: '', ...language });
  const filling = { id: requestId, category: blockingCategory(verdict) };
  return { notice: fillNotice(notices.get(chosen) ?? '', filling), language: chosen };
}

function blockingCategory({ hits }: Verdict): Category | undefined {
  return hits.find(({ action }) => action === 'block')?.category;
}
