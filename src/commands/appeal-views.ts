import type { AppealStatus } from '../core/index.js';
import { maskPersonalData } from '../privacy/index.js';
import {
  type Appeal,
  AppealRepository,
  type Database,
  EvidenceReader,
  HitQueries,
  type RecordedHit,
} from '../store/index.js';

/** An appeal with what the record holds of its hit, as reviewers see it. */
export interface AppealView extends Appeal {
  /** Personal data masked. */
  readonly message: string | null;
  readonly hits: readonly RecordedHit[];
  /** Texts that are kept and can be revealed. */
  readonly texts: number;
}

/** Appeals of a status, or all, the oldest first, each with its hits. */
export async function listAppeals(
  database: Database,
  wanted: { readonly status?: AppealStatus | undefined; readonly limit: number },
): Promise<AppealView[]> {
  const views: AppealView[] = [];
  for (const appeal of await new AppealRepository(database).list(wanted)) views.push(await viewOf(database, appeal));
  return views;
}

/**
 * The appeal about a hit.
 * @throws {AppealError} when there is none.
 */
export async function findAppeal(database: Database, hit: string): Promise<AppealView> {
  return viewOf(database, await new AppealRepository(database).find(hit));
}

async function viewOf(database: Database, appeal: Appeal): Promise<AppealView> {
  const { message, hit } = appeal;
  const hits = await new HitQueries(database).find(hit);
  const texts = await EvidenceReader.countOf(database, hit);
  return { ...appeal, message: message === null ? null : maskPersonalData(message).text, hits, texts };
}
