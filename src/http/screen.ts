import { type Adapter, type BlockInfo, mapStrings } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import type { Direction, TextEdit, Verdict } from '../core/index.js';
import type { Moderator } from '../moderator/index.js';
import { type ResolvedPolicy, redactText } from '../policy/index.js';
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
  /** Judges every text field of a body. */
  screenBody(adapter: Adapter, body: unknown, direction: Direction, exchange: Exchange): ScreenedBody;
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
  return {
    deps,
    route: createRouteTable(deps.config, deps.policies),
    screenLoose,
    screenBody(adapter, body, direction, exchange) {
      const edits: TextEdit[] = [];
      const stopped = new Set<string>();
      let strongest: Verdict | undefined;
      for (const field of adapter.readTexts(body, direction)) {
        const verdict = judge(field.text, { direction, field: field.path, exchange });
        strongest = strongerVerdict(strongest, verdict);
        if (verdict.applied === 'block') stopped.add(adapter.answerOf(field.path));
        if (verdict.applied === 'redact') {
          edits.push({ path: field.path, text: redactText(field.text, verdict.hits, exchange.policy.mask) });
        }
      }
      const edited = edits.length > 0 ? adapter.writeTexts(body, edits) : body;
      if (strongest?.applied !== 'block') {
        return { verdict: strongest, body: edited, changed: edits.length > 0, blocked: undefined };
      }
      const blocked = blockInfo(strongest, direction, exchange);
      const rest = direction === 'output' ? adapter.blockedOutput(edited, blocked, stopped) : undefined;
      return { verdict: strongest, body: rest, changed: false, blocked };
    },
    openStream: (adapter, exchange) => new ScreenedStream({ ...deps, screenLoose }, adapter, exchange),
  };
}
