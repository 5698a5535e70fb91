import { resolve } from 'node:path';
import { baseDirOf, lexiconOptions } from '../compose.js';
import type { Config } from '../config/index.js';
import { AppealError, FeatureError } from '../core/index.js';
import { loadEvidenceKeys } from '../load-evidence-keys.js';
import { type Appeal, AppealRepository, type Database, FeatureRepository, HitQueries } from '../store/index.js';
import { type AllowPhrases, asList, planAllowPhrases, saveAllowPhrases } from './allow-phrases.js';
import { type Judging, type ReplayReport, replayTexts } from './replay-texts.js';

/** What a reviewer wants done about an appeal. */
export interface AppealOrder {
  /** The reference of the notice. */
  readonly hit: string;
  readonly decision: 'uphold' | 'overturn';
  readonly by: string;
  readonly reason: string;
  /** Phrases inside of which no match counts any more. */
  readonly allow: readonly string[];
  /** Ids of features to revoke. */
  readonly revoke: readonly string[];
  /** Whether to do it; else only what it would come to is told. */
  readonly apply: boolean;
}

/** What an order comes to, or came to. */
export interface AppealReport {
  readonly applied: boolean;
  readonly appeal: Appeal;
  /** List file that phrases are added to; null without any. */
  readonly allowList: string | null;
  /** What phrases and revoked features change about texts that are kept; null when nothing changes, or none are kept. */
  readonly replay: ReplayReport | null;
  /** Why it is not known what else would flip; null when it is, or nothing could. */
  readonly unknown: string | null;
  /** Features that are revoked, each with the recorded hits that name it. */
  readonly features: readonly { readonly id: string; readonly hits: number }[];
}

/** What decisions are made by. */
export interface AppealReview {
  readonly config: Config;
  /** The config file. */
  readonly file: string | undefined;
  /** Runs what judges texts; called only when there are texts to judge. */
  judge<Result>(work: (judging: Judging) => Promise<Result>): Promise<Result>;
}

/** What decisions are made with. */
export interface DecideAppealOptions extends AppealReview {
  readonly database: Database;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/**
 * Says what a decision about an appeal comes to, and does it if wanted.
 * @throws {AppealError} when there is nothing to decide, or the order makes no sense.
 * @throws {SluiceError} when lists, keys or database cannot be used.
 * @throws {TypeError} when the list of allow-phrases cannot be written.
 */
export async function decideAppeal(order: AppealOrder, options: DecideAppealOptions): Promise<AppealReport> {
  const { hit, by, reason, apply } = order;
  const { database, config, file, nowMs } = options;
  assertSense(order);
  const appeals = new AppealRepository(database);
  const { allowList } = config.appeals;
  const phrases = planAllowPhrases(order.allow, allowList && resolve(baseDirOf(file), allowList));
  const decision = {
    status: order.decision === 'uphold' ? 'upheld' : 'overturned',
    by,
    reason,
    timeMs: nowMs,
    effects: { allowed: phrases?.fresh ?? [], revoked: order.revoke },
    rules: config.enforcement,
  } as const;
  const planned = await appeals.preview(hit, decision);
  const features = await hitsOf(database, order.revoke);
  const report = { allowList: phrases?.file ?? null, ...(await replay(phrases, order, options)), features };
  if (!apply) return { applied: false, appeal: planned, ...report };
  // What lets texts pass comes first: should this break off, the appeal is open and can be decided again.
  if (phrases !== undefined)
    await saveAllowPhrases(phrases, `appeal of ${hit}, ${by}, ${new Date(nowMs).toISOString()}`);
  if (order.revoke.length > 0) await new FeatureRepository(database).revoke(order.revoke, { timeMs: nowMs, reason });
  return { applied: true, appeal: await appeals.decide(hit, decision), ...report };
}

function assertSense({ decision, by, reason, allow, revoke }: AppealOrder): void {
  if (by.trim() === '' || reason.trim() === '') throw new AppealError(400, 'Say who decides, and why');
  if (decision === 'uphold' && allow.length + revoke.length > 0) {
    throw new AppealError(400, 'Only an appeal that is overturned allows phrases or revokes features');
  }
}

/** @throws {AppealError} when one does not hold. */
async function hitsOf(database: Database, ids: readonly string[]): Promise<AppealReport['features']> {
  const features: { id: string; hits: number }[] = [];
  for (const id of ids) {
    const feature = await new FeatureRepository(database).find(id);
    if (feature === undefined || feature.revokedMs !== null) {
      throw new AppealError(400, `There is no feature ${id}${feature === undefined ? '' : ': it is revoked'}`);
    }
    features.push({ id, hits: await new HitQueries(database).countOfTerm(id) });
  }
  return features;
}

async function replay(
  phrases: AllowPhrases | undefined,
  { hit: requestId, by, reason, revoke: revoked }: AppealOrder,
  { database, config, file, nowMs, judge }: DecideAppealOptions,
): Promise<Pick<AppealReport, 'replay' | 'unknown'>> {
  const list = phrases && asList(phrases);
  if (list === undefined && revoked.length === 0) {
    return { replay: null, unknown: phrases === undefined ? null : 'the phrases are in the list already' };
  }
  if (Object.keys(config.evidence.categories).length === 0) return { replay: null, unknown: 'no texts are kept' };
  const keys = loadEvidenceKeys(config.evidence.keyEnv);
  const added = list && { list, to: lexiconOptions(config, file) };
  const report = await judge((judging) => {
    if (revoked.length > 0 && judging.features === undefined) {
      const { keyEnv } = config.features;
      throw new FeatureError(`Set ${keyEnv} here: without it nobody can tell what revoking a feature changes.`);
    }
    return replayTexts(database, judging, { added, revoked, requestId, keys, by, reason, nowMs });
  });
  return { replay: report, unknown: null };
}
