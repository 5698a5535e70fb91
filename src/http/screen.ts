import { type Adapter, type BlockInfo, mapStrings } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import type { Direction, RemoteDetector, TextEdit, TextField, Verdict } from '../core/index.js';
import type { Moderator } from '../moderator/index.js';
import { type ResolvedPolicy, redactText } from '../policy/index.js';
import { askDetectors } from './ask-detectors.js';
import { blockInfo, type Exchange, type RecordDeps, recordVerdict, strongerVerdict } from './exchange.js';
import { createRouteTable, type Headers, type Route } from './route-table.js';
import { ScreenedStream } from './screened-stream.js';

export type { Exchange } from './exchange.js';
export type { ScreenedStream } from './screened-stream.js';

/** What the pipeline is made of. */
export interface ScreenDeps extends RecordDeps {
  readonly config: Config;
  readonly moderator: Moderator;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
  /** Asked about Input texts; none when left out. */
  readonly detectors?: readonly RemoteDetector[];
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
}

/** A value of unknown shape after screening. */
export interface ScreenedValue {
  /** What may pass. */
  readonly value: unknown;
  /** The strongest verdict of its strings, if it has any. */
  readonly verdict: Verdict | undefined;
}

/** The one pipeline that proxy and middleware share. */
export interface Screen {
  readonly deps: ScreenDeps;
  /** Which policy a path gets, and what happens there to bodies that nothing can read. */
  route(path: string, headers: Headers): Route;
  /** Judges Input texts together; the verdicts are in their order. At once, unless there are remote detectors to wait for. */
  judgeInput(fields: readonly TextField[], exchange: Exchange): readonly Verdict[] | Promise<readonly Verdict[]>;
  /** Judges every text field of a request; at once, unless there are remote detectors to wait for. */
  screenInput(adapter: Adapter, body: unknown, exchange: Exchange): ScreenedBody | Promise<ScreenedBody>;
  /** Judges every text field of a reply. */
  screenOutput(adapter: Adapter, body: unknown, exchange: Exchange): ScreenedBody;
  /**
   * Judges every string of an Output whose shape nobody knows, such as an error or plain text, and returns what may pass.
   * A blocked string is replaced by a notice, so that the rest still tells what happened.
   */
  screenLoose(value: unknown, exchange: Exchange): ScreenedValue;
  /** Starts to judge an event stream. */
  openStream(adapter: Adapter, exchange: Exchange): ScreenedStream;
}

/** Returns the pipeline over its parts. */
export function createScreen(deps: ScreenDeps): Screen {
  const judge = (text: string, at: { direction: Direction; field: string; exchange: Exchange }): Verdict => {
    const verdict = deps.moderator.moderate(text, { direction: at.direction, policy: at.exchange.policy });
    recordVerdict(deps, { ...at, verdict });
    return verdict;
  };
  const screenLoose = (value: unknown, exchange: Exchange): ScreenedValue => {
    let strongest: Verdict | undefined;
    const screened = mapStrings(value, (text, field) => {
      const verdict = judge(text, { direction: 'output', field, exchange });
      strongest = strongerVerdict(strongest, verdict);
      if (verdict.applied === 'block') return blockInfo(verdict, 'output', exchange).notice;
      return verdict.applied === 'redact' ? redactText(text, verdict.hits, exchange.policy.mask) : text;
    });
    return { value: screened, verdict: strongest };
  };
  const judgeInput = (
    fields: readonly TextField[],
    exchange: Exchange,
  ): readonly Verdict[] | Promise<readonly Verdict[]> => {
    const { policy } = exchange;
    const local = fields.map(({ text }) => deps.moderator.moderate(text, { direction: 'input', policy }));
    const record = (verdicts: readonly Verdict[]): readonly Verdict[] => {
      for (const [index, verdict] of verdicts.entries()) {
        recordVerdict(deps, { verdict, direction: 'input', field: fields[index]?.path ?? '', exchange });
      }
      return verdicts;
    };
    const { detectors = [] } = deps;
    if (detectors.length === 0) return record(local);
    return askDetectors(detectors, { fields, verdicts: local, policy }).then(record);
  };
  return {
    deps,
    route: createRouteTable(deps.config, deps.policies),
    screenLoose,
    judgeInput,
    screenInput(adapter, body, exchange) {
      const fields = adapter.readTexts(body, 'input');
      const finish = (verdicts: readonly Verdict[]): ScreenedBody =>
        applyVerdicts({ adapter, body, direction: 'input', exchange, fields, verdicts });
      const judged = judgeInput(fields, exchange);
      return judged instanceof Promise ? judged.then(finish) : finish(judged);
    },
    screenOutput(adapter, body, exchange) {
      const fields = adapter.readTexts(body, 'output');
      const verdicts = fields.map(({ text, path }) => judge(text, { direction: 'output', field: path, exchange }));
      return applyVerdicts({ adapter, body, direction: 'output', exchange, fields, verdicts });
    },
    openStream: (adapter, exchange) => new ScreenedStream({ ...deps, screenLoose }, adapter, exchange),
  };
}

/** What becomes of a body whose text fields were judged. */
function applyVerdicts(judged: {
  readonly adapter: Adapter;
  readonly body: unknown;
  readonly direction: Direction;
  readonly exchange: Exchange;
  readonly fields: readonly TextField[];
  readonly verdicts: readonly Verdict[];
}): ScreenedBody {
  const { adapter, body, direction, exchange, fields, verdicts } = judged;
  const edits: TextEdit[] = [];
  const stopped = new Set<string>();
  let strongest: Verdict | undefined;
  for (const [index, verdict] of verdicts.entries()) {
    const { path, text } = fields[index] as TextField;
    strongest = strongerVerdict(strongest, verdict);
    if (verdict.applied === 'block') stopped.add(adapter.answerOf(path));
    if (verdict.applied === 'redact') {
      edits.push({ path, text: redactText(text, verdict.hits, exchange.policy.mask) });
    }
  }
  const edited = edits.length > 0 ? adapter.writeTexts(body, edits) : body;
  if (strongest?.applied !== 'block') {
    return { verdict: strongest, body: edited, changed: edits.length > 0, blocked: undefined };
  }
  const blocked = blockInfo(strongest, direction, exchange);
  const rest = direction === 'output' ? adapter.blockedOutput(edited, blocked, stopped) : undefined;
  return { verdict: strongest, body: rest, changed: false, blocked };
}
