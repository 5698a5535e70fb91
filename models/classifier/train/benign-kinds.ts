import type { Row } from './read-rows.js';
import { SEED_SOURCE } from './read-rows.js';

/** What a threshold makes happen. */
export type ThresholdAction = 'flag' | 'block';

/** Sources whose rows are harmless by construction, by kind; harmless rows of all others are `posts`, labelled by people, with their errors. */
const KINDS: Readonly<Record<string, string>> = {
  cot_reasoning: 'reasoning',
  gsm8k_train: 'maths',
  wikitext_valid: 'news',
  news_titles_zh: 'news',
  cyber_benign: 'code',
  chitchat: 'chat',
  hotel_reviews_zh: 'reviews',
  halueval_general: 'answers',
  safety_tuned: 'answers',
  belle_zh: '',
  self_instruct_seed: '',
  alpaca_prompts: '',
  alpaca_zh: '',
};

/** What sort of harmless text a row is, and its language: `prompts en`. */
export function benignKind(row: Row): string {
  const byRole = row.role === 'input' ? 'prompts' : row.role === 'output' ? 'answers' : 'chat';
  const named = KINDS[row.source];
  const neighbor = row.source.startsWith(`${SEED_SOURCE}_`) ? 'alarming words' : 'posts';
  const kind = named === undefined ? neighbor : named === '' ? byRole : named;
  return `${kind} ${row.lang === 'en' || row.lang === 'zh' ? row.lang : 'other'}`;
}

/**
 * Most false positives of a kind, as a share of its rows: 2 % flagged, 0.2 % blocked. `posts` may reach more, for their labels are wrong
 * in some per cent; so may the harmless neighbors of the seed corpus, which are made to be hard.
 */
export const FALSE_POSITIVE_LIMITS: Readonly<Record<ThresholdAction, (kind: string) => number>> = {
  flag: (kind) => (kind.startsWith('alarming') ? 0.1 : kind.startsWith('posts') ? 0.04 : 0.02),
  block: (kind) => (kind.startsWith('alarming') ? 0.02 : kind.startsWith('posts') ? 0.006 : 0.002),
};
