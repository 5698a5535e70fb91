import type { Config } from '../config/index.js';
import type { Action, Category, Direction, Outcome } from '../core/index.js';
import { requireSecret } from '../load-secret.js';
import { type HitFilter, subjectId } from '../store/index.js';

/** Which hits a command is about, as the command line says it. */
export interface HitFilterOptions {
  /** Moments in milliseconds since the Unix epoch. */
  readonly since?: number;
  readonly until?: number;
  readonly category?: readonly Category[];
  readonly action?: readonly Action[];
  readonly outcome?: readonly Outcome[];
  readonly direction?: Direction;
  /** Whoever the config takes for a subject: a user name, a key. */
  readonly subject?: string;
}

/**
 * Returns the filter for what the command line says.
 * @throws {ConfigError} when a subject is named and the secret that hashes it is missing.
 */
export function readHitFilter(options: HitFilterOptions, { subject: { keyEnv } }: Config): HitFilter {
  const { since, until, category, action, outcome, direction, subject } = options;
  return {
    sinceMs: since,
    untilMs: until,
    categories: category,
    actions: action,
    outcomes: outcome,
    direction,
    subject: subject === undefined ? undefined : subjectId(requireSecret(keyEnv, 'subjects'), subject),
  };
}
