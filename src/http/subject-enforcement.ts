import type { ServerResponse } from 'node:http';
import { type Adapter, normalizePath } from '../adapters/index.js';
import type { EnforcementConfig } from '../config/index.js';
import type { ActiveStep, Clock, Enforcement, EnforcementStep, Verdict } from '../core/index.js';
import { worthOf } from '../policy/index.js';
import { type Answer, errorAnswer } from './answers.js';
import type { Exchange } from './exchange.js';
import { globToRegExp, type Route } from './route-table.js';

/** What steps against subjects are taken by. */
export interface SubjectEnforcementOptions {
  readonly enforcement: Enforcement;
  readonly rules: EnforcementConfig;
  readonly clock: Clock;
  /** Called for every refused request. */
  readonly onRefused: (step: EnforcementStep) => void;
}

/** A request before it is read. */
export interface ArrivingRequest {
  readonly subject: string | undefined;
  readonly path: string;
  readonly route: Route;
  /** The format whose clients can read the refusal. */
  readonly adapter: Adapter | undefined;
}

/** How a step is told, the strongest first: it is the one that is told. Codes are never renamed. */
const REFUSALS = [
  { kind: 'suspend', code: 'subject_suspended', what: 'This account is suspended' },
  { kind: 'cool-down', code: 'subject_cooling_down', what: 'This account has to pause' },
  { kind: 'restrict', code: 'subject_restricted', what: 'This account may not use this function' },
] as const;

/** Refuses what a subject may not do any more, and counts what it should not have done. */
export class SubjectEnforcement {
  readonly #options: SubjectEnforcementOptions;

  constructor(options: SubjectEnforcementOptions) {
    this.#options = options;
  }

  /**
   * The answer to a request that a step refuses; undefined when the request may go on. The status is 403, which no client
   * library retries. A mode that changes nothing refuses nothing.
   */
  refuse(request: ArrivingRequest): Answer | undefined {
    const { subject, path, route, adapter } = request;
    if (subject === undefined || route.policy.mode !== 'enforce') return undefined;
    const steps = this.#options.enforcement.stepsOf(subject);
    if (steps.length === 0) return undefined;
    for (const { kind, code, what } of REFUSALS) {
      const holding = steps.filter((step) => step.step === kind && (kind !== 'restrict' || closes(step, path)));
      if (holding.length === 0) continue;
      this.#options.onRefused(kind);
      const message = `${what}${until(holding)}, because several of its requests were against the terms of use.`;
      const answer = errorAnswer({ status: 403, type: 'permission_error', code, message }, adapter);
      return { ...answer, headers: { ...answer.headers, 'x-should-retry': 'false' } };
    }
    return undefined;
  }

  /** Tells a subject that is warned so, in a header. */
  warn(subject: string | undefined, res: ServerResponse): void {
    if (subject === undefined) return;
    const warned = this.#options.enforcement.stepsOf(subject).filter(({ step }) => step === 'warn');
    const strikes = Math.max(0, ...warned.map((step) => step.strikes));
    if (warned.length > 0) res.setHeader('x-moderation-warning', `strikes=${strikes}`);
  }

  /** Counts a blocked Input. */
  strike(verdict: Verdict | undefined, { subject, requestId }: Exchange): void {
    if (verdict === undefined || subject === undefined) return;
    const { enforcement, rules, clock } = this.#options;
    const worth = worthOf(verdict, rules.weights);
    if (worth !== undefined) enforcement.strike({ subject, requestId, timeMs: clock.now(), ...worth }, rules);
  }
}

function closes({ paths }: ActiveStep, path: string): boolean {
  const bare = normalizePath(path);
  return paths.some((glob) => globToRegExp(glob).test(bare));
}

/** When the last of some steps ends. */
function until(steps: readonly ActiveStep[]): string {
  const ends = steps.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY);
  const last = Math.max(...ends);
  return Number.isFinite(last) ? ` until ${new Date(last).toISOString()}` : '';
}
