import type { Action, TextClassifier } from '../core/index.js';
import { type InlineList, type LexiconOptions, loadLexiconApart } from '../lexicon/index.js';
import { Moderator } from '../moderator/index.js';
import type { ResolvedPolicy } from '../policy/index.js';
import { type Database, type EvidenceKeys, type ReplayOptions, replayEvidence } from '../store/index.js';

/** A kept text that would be judged otherwise. */
export interface Flip {
  readonly hit: string;
  readonly requestId: string;
  readonly category: string;
  /** What the policy of its time, as it is now, does without the change and with it. */
  readonly before: Action;
  readonly after: Action;
}

/** What a change of the lists would do to texts that are kept. */
export interface ReplayReport {
  /** Texts that were judged again. */
  readonly texts: number;
  /** Texts whose key is not in the environment. */
  readonly unreadable: number;
  /** Whether there are more, which were not looked at. */
  readonly truncated: boolean;
  readonly flips: readonly Flip[];
  /** Whether texts of the appealed request are among them, and pass with the change; null when none is kept. */
  readonly appealedPasses: boolean | null;
}

/** What texts are judged with. */
export interface ReplayJudging {
  readonly moderator: Moderator;
  readonly classifier: TextClassifier | undefined;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
  readonly lexicon: LexiconOptions;
}

/** What to replay, and for whom. */
export interface ReplayTextsOptions extends Omit<ReplayOptions, 'limit'> {
  /** What is added to the lists. */
  readonly added: InlineList;
  /** Request whose appeal it is about. */
  readonly requestId: string;
  readonly keys: EvidenceKeys;
}

/** Texts that are judged again at most: some minutes of work. */
const MAX_TEXTS = 20_000;

/**
 * Judges every kept text without a change of the lists and with it. Nobody is shown a text, but that it was done is noted.
 * @throws {LexiconError} when the change is no list.
 */
export async function replayTexts(
  database: Database,
  { moderator, classifier, policies, lexicon }: ReplayJudging,
  { added, requestId, keys, ...noted }: ReplayTextsOptions,
): Promise<ReplayReport> {
  let changed: Moderator | undefined;
  const flips: Flip[] = [];
  let texts = 0;
  let unreadable = 0;
  let appealedPasses: boolean | null = null;
  for await (const kept of replayEvidence(database, keys, { ...noted, limit: MAX_TEXTS })) {
    if (kept === undefined) {
      unreadable += 1;
      continue;
    }
    // Building lists takes seconds: not where there is nothing to judge.
    changed ??= new Moderator({
      lexicon: await loadLexiconApart({ ...lexicon, lists: [...lexicon.lists, added] }),
      classifier,
      cacheMaxBytes: 0,
    });
    const { text, hit, category, direction } = kept;
    const policy = policies.get(kept.policy) ?? policies.get('default');
    if (policy === undefined) throw new TypeError('There is no default policy.');
    texts += 1;
    const before = moderator.moderate(text, { direction, policy }).action;
    const after = changed.moderate(text, { direction, policy }).action;
    if (kept.requestId === requestId) appealedPasses = (appealedPasses ?? true) && after !== 'block';
    if (before !== after) flips.push({ hit, requestId: kept.requestId, category, before, after });
  }
  return { texts, unreadable, truncated: texts + unreadable === MAX_TEXTS, flips, appealedPasses };
}
