import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Action, TextClassifier } from '../core/index.js';
import type { FeatureDatabase } from '../features/index.js';
import { type InlineList, type Lexicon, type LexiconOptions, loadLexiconApart } from '../lexicon/index.js';
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

/** What a change of lists and features would do to texts that are kept. */
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
export interface Judging {
  readonly lexicon: Lexicon;
  readonly classifier: TextClassifier | undefined;
  /** Undefined where there is no key for features. */
  readonly features: FeatureDatabase | undefined;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
}

/** What to replay, and for whom. */
export interface ReplayTextsOptions extends Omit<ReplayOptions, 'limit'> {
  /** What is added to the lists, and what those are loaded from; undefined when they stay as they are. */
  readonly added: { readonly list: InlineList; readonly to: LexiconOptions } | undefined;
  /** Ids of the features that are revoked. */
  readonly revoked: readonly string[];
  /** Request whose appeal it is about. */
  readonly requestId: string;
  readonly keys: EvidenceKeys;
}

/** Texts that are judged again at most: some minutes of work. */
const MAX_TEXTS = 20_000;

/**
 * Judges every kept text without a change of lists and features and with it, one a turn: a proxy may be serving meanwhile. Nobody
 * is shown a text, but that it was done is noted.
 * @throws {LexiconError} when the change is no list.
 */
export async function replayTexts(
  database: Database,
  judging: Judging,
  { added, revoked, requestId, keys, ...noted }: ReplayTextsOptions,
): Promise<ReplayReport> {
  const present = new Moderator({ ...judging, cacheMaxBytes: 0 });
  let changed: Moderator | undefined;
  const flips: Flip[] = [];
  let texts = 0;
  let unreadable = 0;
  let appealedPasses: boolean | null = null;
  for await (const kept of replayEvidence(database, keys, { ...noted, limit: MAX_TEXTS })) {
    await nextTurn();
    if (kept === undefined) {
      unreadable += 1;
      continue;
    }
    // Building lists takes seconds: not where there is nothing to judge.
    changed ??= new Moderator({ ...(await changedParts(judging, added, revoked)), cacheMaxBytes: 0 });
    const { text, hit, category, direction } = kept;
    const policy = judging.policies.get(kept.policy) ?? judging.policies.get('default');
    if (policy === undefined) throw new TypeError('There is no default policy.');
    texts += 1;
    const { action: before } = await present.moderateInTurns(text, { direction, policy });
    const { action: after } = await changed.moderateInTurns(text, { direction, policy });
    if (kept.requestId === requestId) appealedPasses = (appealedPasses ?? true) && after !== 'block';
    if (before !== after) flips.push({ hit, requestId: kept.requestId, category, before, after });
  }
  return { texts, unreadable, truncated: texts + unreadable === MAX_TEXTS, flips, appealedPasses };
}

async function changedParts(
  { lexicon, classifier, features }: Judging,
  added: ReplayTextsOptions['added'],
  revoked: readonly string[],
) {
  return {
    lexicon:
      added === undefined ? lexicon : await loadLexiconApart({ ...added.to, lists: [...added.to.lists, added.list] }),
    classifier,
    features: features?.without(new Set(revoked)),
  };
}
