import { Counter, Gauge, Registry } from 'prom-client';
import type { OperatorView, ReloadOutcome } from '../http/index.js';
import type { JointMetrics } from './joint-metrics.js';
import type { Supervisor } from './supervisor.js';

/** What the joint view looks at. */
export interface JointViewOptions {
  readonly supervisor: Supervisor;
  readonly workers: number;
  /** What was counted by workers that have ended is kept here. */
  readonly metrics: JointMetrics;
  /** What the status says of the whole. */
  readonly about: () => Readonly<Record<string, unknown>>;
  /** Reloads every worker. */
  readonly reload: () => Promise<ReloadOutcome>;
}

/** A worker that takes longer to say how it is does not do well. */
const ANSWER_TIMEOUT_MS = 2_000;

/** All workers as the operator sees them: as one. */
export class JointView implements OperatorView {
  readonly #options: JointViewOptions;

  constructor(options: JointViewOptions) {
    this.#options = options;
  }

  async metrics(): ReturnType<OperatorView['metrics']> {
    const { supervisor, metrics } = this.#options;
    for (const [{ number }, values] of await supervisor.askAll('metrics', null, ANSWER_TIMEOUT_MS)) {
      if (values !== undefined) metrics.keep(number, values);
    }
    return metrics.text();
  }

  /** What is degraded in any of them, and `workers` while one is missing or does not answer. */
  async degraded(): Promise<readonly string[]> {
    const states = await this.#states();
    const parts = new Set(states.flatMap(([, state]) => state?.degraded ?? []));
    const answering = states.filter(([, state]) => state !== undefined).length;
    if (answering < this.#options.workers) parts.add('workers');
    return [...parts];
  }

  ready(): boolean {
    const { supervisor } = this.#options;
    return !supervisor.stopping && supervisor.running.length > 0;
  }

  async status(): Promise<unknown> {
    const { supervisor, about } = this.#options;
    const workers = (await this.#states()).map(([{ number, pid }, state]) => ({
      worker: number,
      pid,
      ...(state?.status ?? { answers: false }),
    }));
    return { ...about(), draining: supervisor.stopping, restarts: supervisor.restarts, workers };
  }

  reload(): Promise<ReloadOutcome> {
    return this.#options.reload();
  }

  #states() {
    return this.#options.supervisor.askAll('state', null, ANSWER_TIMEOUT_MS);
  }
}

/** Returns the metrics of a primary: how many workers listen, and how often one was replaced. */
export function supervisorMetrics(supervisor: () => Supervisor): Registry {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'sluice_workers',
    help: 'Workers that serve requests.',
    registers,
    collect() {
      this.set(supervisor().running.length);
    },
  });
  new Counter({
    name: 'sluice_worker_restarts_total',
    help: 'Workers that took the place of one that had ended.',
    registers,
    collect() {
      this.reset();
      this.inc(supervisor().restarts);
    },
  });
  return registry;
}

/** Joins how a reload went in every worker: it took when it took in all. */
export function joinReloads(outcomes: readonly (ReloadOutcome | undefined)[], startMs: number): ReloadOutcome {
  const nowMs = Date.now();
  const problems = new Set(
    outcomes.flatMap((outcome) => outcome?.problems ?? ['a worker ended before it had reloaded']),
  );
  return { ok: problems.size === 0, timeMs: nowMs, durationMs: nowMs - startMs, problems: [...problems] };
}
