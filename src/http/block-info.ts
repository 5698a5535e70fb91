import type { BlockInfo } from '../adapters/index.js';
import type { Direction, Verdict } from '../core/index.js';
import { chooseLanguage, fillNotice } from '../policy/index.js';
import type { Exchange } from './exchange.js';

/** Returns what a client is told about a block, in the language of the conversation. */
export function blockInfo(verdict: Verdict, direction: Direction, exchange: Exchange): BlockInfo {
  const { requestId, policy, language } = exchange;
  const { blockAs, notices, noticeAsText } = policy.answers;
  const category = verdict.hits.find((hit) => hit.action === 'block')?.category;
  const chosen = chooseLanguage([...notices[direction].keys()], { text: '', ...language });
  return {
    notice: fillNotice(notices[direction].get(chosen) ?? '', { id: requestId, category }),
    language: chosen,
    hitId: requestId,
    category,
    direction,
    blockAs: blockAs[direction],
    noticeAsText,
  };
}
