/** Kind of a step against a subject, mildest first. */
export type EnforcementStep = 'warn' | 'restrict' | 'cool-down' | 'suspend';

/** A step that holds against a subject. */
export interface ActiveStep {
  readonly step: EnforcementStep;
  /** Milliseconds since the Unix epoch; undefined until somebody restores the subject. */
  readonly untilMs: number | undefined;
  /** Globs of the paths that a restriction closes; empty for every other step. */
  readonly paths: readonly string[];
  /** Strikes at the time of the step. */
  readonly strikes: number;
}

/** A blocked request of a subject. */
export interface Strike {
  /** Keyed hash of whoever sent it. */
  readonly subject: string;
  readonly requestId: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly weight: number;
  readonly category: string;
}

/** When strikes lead to steps. */
export interface EnforcementRules {
  /** Age from which a strike counts no more, in days. */
  readonly expireDays: number;
  /** In rising order of `at`, the strikes from which a step is taken. */
  readonly ladder: readonly {
    readonly step: EnforcementStep;
    readonly at: number;
    /** Left out for a step without an end. */
    readonly minutes?: number | undefined;
    readonly paths?: readonly string[];
  }[];
}

/** How the steps against subjects are doing. */
export interface EnforcementStats {
  /** Strikes that are not in the database yet. */
  readonly waiting: number;
  /** Strikes that were lost, because the database was down for too long. Alarming when above 0. */
  readonly lost: number;
  /** False while the steps of other processes cannot be read. */
  readonly healthy: boolean;
}

/** Steps against subjects, as the request path sees them. */
export interface Enforcement {
  /** Steps that hold against a subject now. Never throws, never waits. */
  stepsOf(subject: string): readonly ActiveStep[];
  /** Counts a blocked request; several strikes of one request count once. Never throws, never waits. */
  strike(strike: Strike, rules: EnforcementRules): void;
  /** Counters for `/metrics` and health. */
  stats(): EnforcementStats;
}
