import type { ClientRule, TurnBounds } from '../core/index.js';
import type { MetricsText, ReloadOutcome } from '../http/index.js';
import type { MetricValues } from './joint-metrics.js';

/** How a worker is doing. */
export interface WorkerState {
  /** What does not work as it should. */
  readonly degraded: readonly string[];
  readonly draining: boolean;
  /** What the admin routes show of it. */
  readonly status: Readonly<Record<string, unknown>>;
}

/** What a worker is told at its start; `Fixed` are settings that are those of the primary, whatever the config file says by now. */
export interface WorkerStart<Fixed = unknown> {
  /** From 1; a worker that takes the place of another has its number. */
  readonly worker: number;
  readonly workers: number;
  readonly fixed: Fixed;
}

/** What the primary asks of a worker. */
export type WorkerCalls = {
  readonly metrics: { readonly ask: null; readonly answer: readonly MetricValues[] };
  readonly state: { readonly ask: null; readonly answer: WorkerState };
  readonly reload: { readonly ask: string; readonly answer: ReloadOutcome };
  /** Told: drain and end. */
  readonly stop: { readonly ask: null; readonly answer: unknown };
};

/** What a worker asks of the primary. */
export type PrimaryCalls = {
  readonly start: { readonly ask: null; readonly answer: WorkerStart };
  /** Told: it listens, at this address. */
  readonly listening: { readonly ask: string; readonly answer: unknown };
  /** Told: it could not start, for this reason. */
  readonly failed: { readonly ask: string; readonly answer: unknown };
  /** Told: its counters, for the last time. */
  readonly lastMetrics: { readonly ask: readonly MetricValues[]; readonly answer: unknown };
  readonly jointMetrics: { readonly ask: null; readonly answer: MetricsText };
  readonly jointDegraded: { readonly ask: null; readonly answer: readonly string[] };
  readonly jointStatus: { readonly ask: null; readonly answer: unknown };
  readonly jointReload: { readonly ask: null; readonly answer: ReloadOutcome };
  readonly admit: { readonly ask: AdmitAsk; readonly answer: readonly (number | null)[] };
  readonly take: { readonly ask: TakeAsk; readonly answer: TakeAnswer };
  /** Told: a turn is over, or nobody waits for it any more. */
  readonly end: { readonly ask: number; readonly answer: unknown };
};

/** Requests to be counted, one client each. */
export interface AdmitAsk {
  readonly rule: ClientRule;
  readonly clients: readonly string[];
}

/** A turn that is wanted. */
export interface TakeAsk {
  /** Names the turn; no other of the worker has the same. */
  readonly id: number;
  /** What turns are taken at. */
  readonly name: string;
  /** Whose turn it is, where each client has its own. */
  readonly client?: string;
  readonly bounds: TurnBounds;
}

/** Whether the turn has begun, or why it never will. */
export type TakeAnswer = 'begun' | 'overloaded' | 'left';
