import { type Direction, UNSCREENED_REASONS, type UnscreenedPart } from '../core/index.js';
import type { Moderator } from '../moderator/index.js';
import { type Exchange, type RecordDeps, recordOutcome } from './exchange.js';

/** What of a body was not judged, or is not known to its format. */
export interface Coverage {
  readonly unscreened: readonly UnscreenedPart[];
  /** Paths of texts under keys that the format does not know. */
  readonly unknown: readonly string[];
}

/** Places that an entry of the record names; of more it says how many. */
const NAMED_PLACES = 8;

/** Counts and records what of a body was not judged, one entry per reason, and its unknown fields where the policy asks for it. */
export function recordCoverage(
  deps: RecordDeps & { readonly moderator: Moderator },
  coverage: Coverage,
  at: { readonly exchange: Exchange; readonly direction: Direction },
): void {
  const { exchange, direction } = at;
  const { unscreened } = coverage;
  for (const reason of unscreened.length === 0 ? [] : UNSCREENED_REASONS) {
    const fields = unscreened.filter((part) => part.reason === reason).map(({ field }) => field);
    if (fields.length === 0) continue;
    deps.metrics.unscreenedParts.inc({ direction, reason }, fields.length);
    recordOutcome(deps, { ...at, outcome: `unscreened:${reason}`, field: placesIn(fields), action: 'allow' });
  }
  const effect = exchange.policy.unknownFields[direction];
  if (effect === 'allow') return;
  const { unknown } = coverage;
  if (unknown.length === 0) return;
  deps.metrics.unknownFields.inc({ direction }, unknown.length);
  recordOutcome(deps, { ...at, outcome: 'unknown-field', field: placesIn(unknown), action: effect });
}

/** Whether the policy stops a body for its unknown fields. */
export function stopsUnknown(
  coverage: Coverage,
  { exchange, direction }: { readonly exchange: Exchange; readonly direction: Direction },
): boolean {
  const { mode, unknownFields } = exchange.policy;
  return mode === 'enforce' && unknownFields[direction] === 'block' && coverage.unknown.length > 0;
}

function placesIn(fields: readonly string[]): string {
  const named = fields.slice(0, NAMED_PLACES).join(', ');
  return fields.length > NAMED_PLACES ? `${named} and ${fields.length - NAMED_PLACES} more` : named;
}
