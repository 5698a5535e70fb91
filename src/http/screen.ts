import type { ServerResponse } from 'node:http';
import { type Adapter, type BlockInfo, type BodyTexts, readBodyTexts, readPrefill } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import type {
  AlarmClock,
  ClientLimiter,
  Clock,
  Direction,
  ExtraDetector,
  LimitSource,
  TextEdit,
  TextField,
  Verdict,
} from '../core/index.js';
import type { Framing } from '../framing/index.js';
import type { Moderator } from '../moderator/index.js';
import { type ResolvedPolicy, redactText } from '../policy/index.js';
import type { AppealDesk } from './appeals.js';
import { askDetectors } from './ask-detectors.js';
import { blockInfo } from './block-info.js';
import { recordCoverage, stopsUnknown } from './coverage.js';
import { hearWhole } from './evidence.js';
import {
  askedOf,
  durableRecord,
  type Exchange,
  NOTHING_UNSETTLED,
  type RecordDeps,
  recordVerdicts,
  strongerVerdict,
} from './exchange.js';
import { holdUntilDurable } from './hold-until-durable.js';
import { type JudgedSeam, judgeSeams } from './judge-seams.js';
import { lastUserText } from './last-user-text.js';
import { applyLoosely, looseTexts, type ScreenedValue } from './loose-texts.js';
import { createRouteTable, type Headers, type Route } from './route-table.js';
import { ScreenedStream } from './screened-stream.js';
import { createSubjects, type IdentifySubject } from './subject.js';
import type { SubjectEnforcement } from './subject-enforcement.js';
import { asLeadIn, type TextBefore, textsBefore } from './text-before.js';

export type { Exchange } from './exchange.js';
export type { ScreenedValue } from './loose-texts.js';
export type { ScreenedStream } from './screened-stream.js';

/** What the pipeline is made of. */
export interface ScreenDeps extends RecordDeps {
  readonly clock: AlarmClock;
  readonly config: Config;
  readonly moderator: Moderator;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
  /** Asked about Input texts; none when left out. */
  readonly detectors?: readonly ExtraDetector[];
  /** What subjects are hashed with; needed unless the config tells nobody apart. */
  readonly subjectKey?: Uint8Array | undefined;
  /** Steps against subjects; none are taken when left out. */
  readonly subjects?: SubjectEnforcement | undefined;
  /** Where turns at the backend are counted; in this process when left out. */
  readonly limits?: LimitSource | undefined;
  /** Bounds the requests of each client; no bound when left out. */
  readonly clientLimiter?: ClientLimiter | undefined;
  /** Takes appeals; without one nobody does. */
  readonly desk?: AppealDesk | undefined;
}

/** A body after screening. */
export interface ScreenedBody {
  /** The strongest verdict of the fields, if there were any. */
  readonly verdict: Verdict | undefined;
  /** What may pass: redactions applied, and blocked answers of an Output replaced. A blocked Input may not pass at all. */
  readonly body: unknown;
  readonly changed: boolean;
  /** Set when the body must not pass as it is. */
  readonly blocked: BlockInfo | undefined;
  /** Whether it must not pass at all, and was not judged: for text under keys that the format does not know. */
  readonly refused: boolean;
}

/** A request after screening. */
export interface ScreenedRequest extends ScreenedBody {
  /** The exchange, with what the texts of the request tell about it: what comes of it is screened with this. */
  readonly exchange: Exchange;
}

/** The one pipeline that proxy and middleware share. */
export interface Screen {
  readonly deps: ScreenDeps;
  /** Which policy a path gets, and what happens there to bodies that nothing can read. */
  route(path: string, headers: Headers): Route;
  /** Who sent a request, by its headers. */
  readonly subjectOf: IdentifySubject;
  /** Judges Input texts together; the verdicts are in their order. Long ones in turns, so that other exchanges go on meanwhile. */
  judgeInput(fields: readonly TextField[], exchange: Exchange): Promise<readonly Verdict[]>;
  /** Judges every text field of a request, as `judgeInput` does. */
  screenInput(adapter: Adapter, body: unknown, exchange: Exchange): Promise<ScreenedRequest>;
  /** Judges every text field of a reply, long ones in turns. */
  screenOutput(adapter: Adapter, body: unknown, exchange: Exchange): Promise<ScreenedBody>;
  /**
   * Judges every string of an Output whose shape nobody knows, such as an error or plain text, and returns what may pass.
   * A blocked string is replaced by a notice, so that the rest still tells what happened. Long ones in turns.
   */
  screenLoose(value: unknown, exchange: Exchange): Promise<ScreenedValue>;
  /** Makes the answers of an exchange wait for the record, as `hitLog.durability` says; call it before anything is written. */
  holdUntilRecorded(res: ServerResponse, exchange: Exchange): void;
  /** Resolves once every body that is being judged is in the record. */
  settled(): Promise<void>;
  /** Starts to judge a stream; `framing` is the first of the adapter when left out. */
  openStream(adapter: Adapter, exchange: Exchange, framing?: Framing): ScreenedStream;
}

interface JudgeOptions {
  readonly exchange: Exchange;
  /** What each text goes on from. */
  readonly before?: readonly (TextBefore | undefined)[];
  /** Whether the request is stopped already. */
  readonly isStopped?: boolean;
}

/** Returns the pipeline over its parts. */
export function createScreen(parts: Omit<ScreenDeps, 'unsettled'>): Screen {
  const deps: ScreenDeps = { ...parts, unsettled: new Map() };
  const { moderator, clock } = deps;
  const judge = async (
    fields: readonly TextField[],
    direction: Direction,
    { exchange, before = [], isStopped = false }: JudgeOptions,
  ) => {
    const { policy } = exchange;
    const texts = fields.map(({ text }, index) => ({ text, ...asLeadIn(before[index]) }));
    const local = await moderator.moderateAll(texts, { direction, policy });
    const { detectors = [] } = deps;
    const remote = direction === 'input' && !isStopped && detectors.length > 0;
    const verdicts = remote ? await askDetectors(detectors, { fields, verdicts: local, policy }) : local;
    const screened = verdicts.map((verdict, index) => {
      const { path: field = '', text = '' } = fields[index] ?? {};
      return { verdict, direction, field, before: before[index], hear: hearWhole(text), exchange };
    });
    await recordVerdicts(deps, screened);
    await durableRecord(deps, exchange);
    return verdicts;
  };
  const running = new Set<Promise<unknown>>();
  const track = <T>(judged: Promise<T>): Promise<T> => {
    running.add(judged);
    const done = (): void => void running.delete(judged);
    judged.then(done, done);
    return judged;
  };
  const screenInput = async (adapter: Adapter, body: unknown, begun: Exchange): Promise<ScreenedRequest> => {
    const texts = readBodyTexts(adapter, body, 'input');
    const { fields } = texts;
    const language = { ...begun.language, text: lastUserText(fields) };
    const exchange = { ...begun, language, prefill: readPrefill(body) };
    const at = { direction: 'input', exchange } as const;
    recordCoverage(deps, texts, at);
    if (stopsUnknown(texts, at)) return { ...REFUSED, exchange };
    const seams = await judgeSeams(moderator, fields, exchange.policy);
    await recordVerdicts(
      deps,
      seams.map(({ field, text, verdict }) => ({ ...at, verdict, field, hear: hearWhole(text) })),
    );
    const isStopped = seams.some(({ verdict }) => verdict.applied === 'block');
    const verdicts = await judge(fields, 'input', { exchange, isStopped });
    const judged = applyVerdicts({ ...at, clock, adapter, body, texts, verdicts, seams });
    if (judged.blocked !== undefined) deps.subjects?.strike(judged.verdict, exchange);
    return { ...withCoverage(judged, texts, at), exchange };
  };
  const screenOutput = async (adapter: Adapter, body: unknown, exchange: Exchange): Promise<ScreenedBody> => {
    const texts = withoutEchoes(readBodyTexts(adapter, body, 'output'), adapter, exchange);
    const at = { direction: 'output', exchange } as const;
    recordCoverage(deps, texts, at);
    if (stopsUnknown(texts, at)) return REFUSED;
    const before = textsBefore(texts.fields, { adapter, exchange });
    const verdicts = await judge(texts.fields, 'output', { exchange, before });
    return withCoverage(applyVerdicts({ ...at, clock, adapter, body, texts, verdicts }), texts, at);
  };
  /** The verdict on a body says what was not judged, also where there was nothing to judge. */
  const withCoverage = (screened: ScreenedBody, { unscreened }: BodyTexts, at: JudgedAt): ScreenedBody => {
    if (unscreened.length === 0) return screened;
    const { direction, exchange } = at;
    const verdict = screened.verdict ?? moderator.moderate('', { direction, policy: exchange.policy });
    return { ...screened, verdict: { ...verdict, unscreened } };
  };
  const screenLoose = async (value: unknown, exchange: Exchange): Promise<ScreenedValue> => {
    const texts = looseTexts(value);
    const { fields, unscreened } = texts;
    recordCoverage(deps, { unscreened, unknown: [] }, { direction: 'output', exchange });
    const before = textsBefore(fields, { exchange });
    return applyLoosely(texts, await judge(fields, 'output', { exchange, before }), exchange);
  };
  return {
    deps,
    route: createRouteTable(deps.config, deps.policies),
    subjectOf: createSubjects(deps.config.subject, deps.subjectKey),
    screenLoose: (value, exchange) => track(screenLoose(value, exchange)),
    judgeInput: (fields, exchange) => track(judge(fields, 'input', { exchange })),
    screenInput: (adapter, body, exchange) => track(screenInput(adapter, body, exchange)),
    screenOutput: (adapter, body, exchange) => track(screenOutput(adapter, body, exchange)),
    holdUntilRecorded(res, exchange) {
      if (deps.store === undefined || deps.config.hitLog.durability === 'batch') return;
      const { requestId } = exchange;
      deps.unsettled.set(requestId, NOTHING_UNSETTLED);
      res.once('close', () => deps.unsettled.delete(requestId));
      holdUntilDurable(res, () => durableRecord(deps, exchange));
    },
    async settled() {
      await Promise.allSettled(running);
    },
    openStream: (adapter, exchange, framing = adapter.framings[0]) =>
      new ScreenedStream(deps, { adapter, exchange, framing }),
  };
}

/** What of a reply is to be judged: not what it repeats of its request, which was judged there. */
function withoutEchoes(texts: BodyTexts, adapter: Adapter, exchange: Exchange): BodyTexts {
  const { said } = askedOf(exchange);
  if (said === undefined || adapter.repeatsRequest === undefined) return texts;
  const isEcho = ({ path, text }: TextField): boolean => adapter.repeatsRequest?.(path) === true && said.has(text);
  return { ...texts, fields: texts.fields.filter((field) => !isEcho(field)) };
}

/** A body that may not pass. */
const REFUSED: ScreenedBody = {
  verdict: undefined,
  body: undefined,
  changed: false,
  blocked: undefined,
  refused: true,
};

/** What a body is judged as. */
interface JudgedAt {
  readonly direction: Direction;
  readonly exchange: Exchange;
}

/** What becomes of a body whose text fields were judged. */
function applyVerdicts(judged: {
  readonly adapter: Adapter;
  readonly body: unknown;
  readonly direction: Direction;
  readonly exchange: Exchange;
  readonly texts: BodyTexts;
  readonly verdicts: readonly Verdict[];
  readonly seams?: readonly JudgedSeam[];
  readonly clock: Clock;
}): ScreenedBody {
  const { adapter, body, direction, exchange, texts, verdicts, seams = [], clock } = judged;
  const edits: TextEdit[] = [];
  const stopped = new Set<string>();
  let strongest: Verdict | undefined;
  let place: string | undefined;
  const note = (verdict: Verdict, field: string): void => {
    const stronger = strongerVerdict(strongest, verdict);
    if (stronger !== strongest) place = field;
    strongest = stronger;
  };
  for (const { verdict, field } of seams) note(verdict, field);
  const split = seams.filter(({ verdict }) => verdict.applied === 'redact');
  for (const [index, verdict] of verdicts.entries()) {
    const { path, text } = texts.fields[index] as TextField;
    note(verdict, path);
    if (verdict.applied === 'block') stopped.add(adapter.answerOf(path));
    const parts = split.flatMap((seam) => seam.parts.get(index) ?? []);
    const hits = verdict.applied === 'redact' ? [...verdict.hits, ...parts] : parts;
    if (hits.some(({ action }) => action === 'redact')) {
      edits.push({ path, text: redactText(text, hits, exchange.policy.mask) });
    }
  }
  const edited = edits.length > 0 ? texts.write(edits) : body;
  if (strongest?.applied !== 'block') {
    return { verdict: strongest, body: edited, changed: edits.length > 0, blocked: undefined, refused: false };
  }
  const blocked = blockInfo({ verdict: strongest, direction, exchange, clock, field: place });
  const rest = direction === 'output' ? adapter.blockedOutput(edited, blocked, stopped) : undefined;
  return { verdict: strongest, body: rest, changed: false, blocked, refused: false };
}
