import type { AskedReply, FilteredPart } from '../adapters/index.js';
import {
  type Action,
  type Clock,
  type Direction,
  type EvidenceRules,
  type FeatureLearner,
  type Hit,
  type HitEntry,
  type Outcome,
  type Store,
  StoreError,
  strongerAction,
  type TextField,
  type Verdict,
} from '../core/index.js';
import type { Moderator } from '../moderator/index.js';
import type { LanguageHints, ResolvedPolicy } from '../policy/index.js';
import { evidenceOf, type HearText } from './evidence.js';
import type { Metrics } from './metrics.js';
import type { TextBefore } from './text-before.js';

/** One exchange, as the record names it. */
export interface Exchange {
  readonly requestId: string;
  readonly path: string;
  readonly policy: ResolvedPolicy;
  /** Keyed hash of whoever sent the request. */
  readonly subject?: string | undefined;
  /** What the request asks of its reply; see `askedOf`. */
  readonly asked?: AskedReply;
  /** What tells the language that notices are in. */
  readonly language?: Partial<LanguageHints>;
  /** Text of the request that the answer may go on from. */
  readonly prefill?: TextField | undefined;
}

/** What an exchange has recorded since it last waited for the record. */
export interface Unsettled {
  readonly entries: number;
  /** Whether one of them is lost, so that nothing of the exchange may leave. */
  readonly isLost: boolean;
}

/** Of an exchange that has nothing to wait for. */
export const NOTHING_UNSETTLED: Unsettled = { entries: 0, isLost: false };

/** Where what happened is told. */
export interface RecordDeps {
  readonly store: Store | undefined;
  /** What nobody has waited for yet, by request id; only of exchanges whose answers wait. */
  readonly unsettled: Map<string, Unsettled>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Of which hits the text is kept; of none when left out. */
  readonly evidence?: EvidenceRules | undefined;
  /** Makes features of severe texts; none when left out. */
  readonly learner?: FeatureLearner | undefined;
}

/** One screened text. */
export interface ScreenedText {
  readonly verdict: Verdict;
  readonly direction: Direction;
  readonly field: string;
  /** What the text goes on from, when hits of it may begin there. */
  readonly before?: TextBefore | undefined;
  /** Tells the text that was judged, which is asked only for evidence. */
  readonly hear?: HearText;
  readonly exchange: Exchange;
}

/** Texts of one body that are recorded at once; those of longer ones wait for room, and leave some to other exchanges. */
const TEXTS_AT_ONCE = 100;

/**
 * Counts and records the texts of one body.
 * @throws {StoreError} when there is no room for them in time and there must be.
 */
export async function recordVerdicts(deps: RecordDeps, texts: readonly ScreenedText[]): Promise<void> {
  let waits = true;
  for (const [index, screened] of texts.entries()) {
    recordVerdict(deps, screened);
    if (waits && (index + 1) % TEXTS_AT_ONCE === 0) waits = (await deps.store?.room()) ?? true;
  }
}

/** Counts one screened text and records it when anything was found. */
export function recordVerdict(deps: RecordDeps, screened: ScreenedText): void {
  const { verdict, direction, field, before, hear, exchange } = screened;
  deps.metrics.screened.inc({ direction, action: verdict.applied });
  for (const { category, source, action } of verdict.hits) deps.metrics.hits.inc({ category, source, action });
  const { cause, effect } = verdict.hold ?? {};
  if (cause !== undefined && effect !== undefined) deps.metrics.unjudged.inc({ cause, effect });
  if (verdict.hits.length === 0 && verdict.failedDetectors.length === 0 && effect === undefined) return;
  const own = verdict.hits.filter(({ startsBefore }) => startsBefore === undefined);
  const record = (name: string, hits: readonly Hit[], heard: HearText | undefined): void =>
    recordEntry(deps, exchange, {
      timeMs: deps.clock.now(),
      requestId: exchange.requestId,
      ...subjectOf(exchange),
      direction,
      route: exchange.path.split(/[?#]/, 1)[0] ?? '',
      outcome: outcomeOf(verdict),
      field: placeName(name),
      policy: verdict.policy,
      mode: exchange.policy.mode,
      action: verdict.action,
      applied: verdict.applied,
      hits,
      versions: verdict.versions,
      ...evidenceOf(deps.evidence, hits, heard),
    });
  if (own.length > 0 || own.length === verdict.hits.length) record(field, own, hear);
  learnFrom(deps.learner, own, screened);
  if (own.length === verdict.hits.length || before === undefined) return;
  record(`${before.path} + ${field}`, hitsOverSeam(verdict.hits, before.length), hear && hearBehind(before, hear));
}

/** Makes a feature of a text, once for the first hit that says so. */
function learnFrom(learner: FeatureLearner | undefined, hits: readonly Hit[], { hear, exchange }: ScreenedText): void {
  if (learner === undefined || hear === undefined || exchange.policy.mode !== 'enforce') return;
  const hit = hits.find((each) => learner.wants(each));
  const heard = hit && hear(hit.category);
  if (hit !== undefined && heard !== undefined) learner.learn(hit, { ...heard, requestId: exchange.requestId });
}

/** Tells two texts laid end to end, of which the first may be known by its end alone. */
function hearBehind(before: TextBefore, hear: HearText): HearText {
  return (category) => {
    const heard = hear(category);
    if (heard === undefined) return undefined;
    const chars = before.length + heard.chars;
    if (heard.start > 0) return { text: heard.text, start: before.length + heard.start, chars };
    return { text: before.text + heard.text, start: before.length - before.text.length, chars };
  };
}

/** A place without the keys in it that are no plain names: whoever made them up may have written anything there. */
function placeName(path: string): string {
  return path.replace(/\["(?:[^"\\]|\\.)*"\]/g, '[*]');
}

/** The hits that begin in the text before, with spans that count through both texts, laid end to end. */
function hitsOverSeam(hits: readonly Hit[], lengthBefore: number): Hit[] {
  return hits.flatMap(({ startsBefore, ...hit }) =>
    startsBefore === undefined
      ? []
      : [{ ...hit, span: { start: lengthBefore - startsBefore, end: lengthBefore + hit.span.end } }],
  );
}

function outcomeOf({ failedDetectors, applied, hold }: Verdict): Outcome {
  if (failedDetectors.length > 0 && applied !== 'block') return 'failed-open';
  if (hold === undefined) return 'screened';
  return hold.effect === 'blocked' ? 'hold-limit' : 'released-early';
}

/** Records something about an exchange that is no verdict on a text. Never throws. */
export function recordOutcome(
  deps: RecordDeps & { readonly moderator: Moderator },
  entry: {
    readonly exchange: Exchange;
    readonly direction: Direction;
    readonly outcome: Outcome;
    readonly field: string;
    /** What was done about it. */
    readonly action: Action;
  },
): void {
  const { moderator, store, clock } = deps;
  if (store === undefined) return;
  const { exchange, direction, outcome, field, action } = entry;
  const { requestId, path, policy } = exchange;
  // The verdict on no text names the versions that would have judged.
  const { versions } = moderator.moderate('', { direction, policy });
  recordEntry(deps, exchange, {
    timeMs: clock.now(),
    requestId,
    ...subjectOf(exchange),
    direction,
    route: path.split(/[?#]/, 1)[0] ?? '',
    outcome,
    field: placeName(field),
    policy: policy.name,
    mode: policy.mode,
    action,
    applied: policy.mode === 'enforce' || action === 'allow' ? action : 'flag',
    hits: [],
    versions,
  });
}

function recordEntry({ store, unsettled }: RecordDeps, exchange: Exchange, entry: HitEntry): void {
  if (store === undefined) return;
  const isKept = store.record(entry);
  const before = unsettled.get(exchange.requestId);
  if (before === undefined) return;
  unsettled.set(exchange.requestId, { entries: before.entries + 1, isLost: before.isLost || !isKept });
}

/**
 * With `durability: request` resolves once what an exchange has recorded is durable; undefined when nothing has to be waited for.
 * Rejects with `StoreError` when it cannot be recorded and must be.
 */
export function durableRecord({ store, unsettled }: RecordDeps, { requestId }: Exchange): Promise<void> | undefined {
  const now = unsettled.get(requestId) ?? NOTHING_UNSETTLED;
  if (now.entries === 0) return undefined;
  const settle = (): void => {
    if (unsettled.get(requestId) === now) unsettled.set(requestId, NOTHING_UNSETTLED);
  };
  const wait = now.isLost ? Promise.reject(new StoreError('The record has no room.')) : store?.durable();
  if (wait === undefined) settle();
  // After a failure too: the answer that tells of it has nothing to wait for.
  return wait?.finally(settle);
}

function subjectOf({ subject }: Exchange): { readonly subject?: string } {
  return subject === undefined ? {} : { subject };
}

/** Counts and records what the backend itself withheld; it stands in the record without a category, for the backend names none. */
export function recordFiltered(
  deps: RecordDeps & { readonly moderator: Moderator },
  { exchange, parts }: { readonly exchange: Exchange; readonly parts: readonly FilteredPart[] },
): void {
  for (const { direction, field } of parts) {
    deps.metrics.upstreamFiltered.inc({ direction });
    recordOutcome(deps, { exchange, direction, outcome: 'upstream-filtered', field, action: 'allow' });
  }
}

/** Returns the verdict with the stronger action, the first of two equals; the mode does not matter. Never throws. */
export function strongerVerdict(left: Verdict | undefined, right: Verdict): Verdict {
  return left !== undefined && strongerAction(left.action, right.action) === left.action ? left : right;
}

/** Returns what the request of an exchange asks of its reply: one whole answer, where nothing is known of it. */
export function askedOf({ asked }: Exchange): AskedReply {
  return asked ?? { stream: false, answers: 1, usage: false };
}
