import { Counter, Histogram, Registry } from 'prom-client';

/** Counters of one running instance. */
export interface Metrics {
  readonly registry: Registry;
  readonly screened: Counter;
  readonly hits: Counter;
  readonly unscreened: Counter;
  readonly unscreenedParts: Counter;
  readonly unknownFields: Counter;
  readonly unjudged: Counter;
  readonly subjectsRefused: Counter;
  readonly unsharedLimits: Counter;
  readonly upstreamErrors: Counter;
  readonly upstreamFiltered: Counter;
  readonly reloads: Counter;
  readonly detectorCalls: Counter;
  readonly detectorSeconds: Histogram;
}

/** Returns fresh counters with a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    screened: new Counter({
      name: 'sluice_screened_total',
      help: 'Text fields and stream channels screened, by what was applied to them.',
      labelNames: ['direction', 'action'],
      registers,
    }),
    hits: new Counter({
      name: 'sluice_hits_total',
      help: 'Hits, by what the policy says for each alone.',
      labelNames: ['category', 'source', 'action'],
      registers,
    }),
    unscreened: new Counter({ name: 'sluice_unscreened_total', help: 'Requests that passed unscreened.', registers }),
    unjudged: new Counter({
      name: 'sluice_unjudged_total',
      help: 'Stream channels of which text left (`released`) or was stopped (`blocked`) before it was judged, by cause.',
      labelNames: ['cause', 'effect'],
      registers,
    }),
    subjectsRefused: new Counter({
      name: 'sluice_subject_refused_total',
      help: 'Requests refused because of a step against their subject.',
      labelNames: ['step'],
      registers,
    }),
    unscreenedParts: new Counter({
      name: 'sluice_unscreened_parts_total',
      help: 'Parts of screened requests and answers that were not judged, by what they are: images, audio, files, tokens and their like.',
      labelNames: ['direction', 'reason'],
      registers,
    }),
    unknownFields: new Counter({
      name: 'sluice_unknown_fields_total',
      help: 'Texts under keys that a format does not know; they were judged. Not counted where `unknownFields` is `allow`.',
      labelNames: ['direction'],
      registers,
    }),
    unsharedLimits: new Counter({
      name: 'sluice_limits_unshared_total',
      help: 'Requests that this process counted alone because Redis was away.',
      labelNames: ['limit'],
      registers,
    }),
    upstreamErrors: new Counter({ name: 'sluice_upstream_errors_total', help: 'Failed upstream calls.', registers }),
    upstreamFiltered: new Counter({
      name: 'sluice_upstream_filtered_total',
      help: 'Requests refused (input) and answers cut (output) by the content filter of the backend itself.',
      labelNames: ['direction'],
      registers,
    }),
    detectorCalls: new Counter({
      name: 'sluice_detector_calls_total',
      help: 'Calls of the detectors that the config adds, by outcome: `ok`, or why there was no verdict.',
      labelNames: ['detector', 'outcome'],
      registers,
    }),
    detectorSeconds: new Histogram({
      name: 'sluice_detector_seconds',
      help: 'How long requests waited for a detector that the config adds, its queue included.',
      labelNames: ['detector'],
      registers,
    }),
    reloads: new Counter({
      name: 'sluice_config_reloads_total',
      help: 'Reloads of the config, by outcome; after `failed` the earlier config stays in use.',
      labelNames: ['outcome'],
      registers,
    }),
  };
}
