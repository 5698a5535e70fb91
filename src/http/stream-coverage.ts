import {
  type Adapter,
  listUnread,
  mayHoldContent,
  parseJson,
  partsOf,
  readerOf,
  type StreamStep,
  unknownFields,
} from '../adapters/index.js';
import { StreamError, type UnscreenedReason } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import type { Moderator } from '../moderator/index.js';
import { recordCoverage, stopsUnknown } from './coverage.js';
import type { Exchange, RecordDeps } from './exchange.js';

/** What a stream carries that is not judged, or not known to its format; each kind is recorded when it first comes. */
export class StreamCoverage {
  readonly #deps: RecordDeps & { readonly moderator: Moderator };
  readonly #format: Adapter['name'];
  readonly #at: { readonly exchange: Exchange; readonly direction: 'output' };
  readonly #reasons = new Set<UnscreenedReason>();
  readonly #unknown = new Set<string>();

  constructor(deps: RecordDeps & { readonly moderator: Moderator }, { name }: Adapter, exchange: Exchange) {
    this.#deps = deps;
    this.#format = name;
    this.#at = { exchange, direction: 'output' };
  }

  /**
   * Looks at an event of the backend.
   * @throws {StreamError} when it holds text under a key that the format does not know, and the policy stops that.
   */
  note({ data }: StreamEvent, { deltas, fields }: StreamStep): void {
    if (mayHoldContent(data)) {
      const isRead = readerOf([...fields, ...deltas.map(({ channel, text }) => ({ path: channel, text }))]);
      const fresh = partsOf(listUnread(parseJson(data), isRead)).filter(({ reason }) => !this.#reasons.has(reason));
      for (const { reason } of fresh) this.#reasons.add(reason);
      if (fresh.length > 0) recordCoverage(this.#deps, { unscreened: fresh, unknown: [] }, this.#at);
    }
    if (fields.length > 0 && this.#at.exchange.policy.unknownFields.output !== 'allow') this.#noteUnknown(fields);
  }

  #noteUnknown(fields: StreamStep['fields']): void {
    const fresh = unknownFields(this.#format, fields).filter((path) => !this.#unknown.has(path.replace(/\d+/g, '')));
    if (fresh.length === 0) return;
    for (const path of fresh) this.#unknown.add(path.replace(/\d+/g, ''));
    const coverage = { unscreened: [], unknown: fresh };
    recordCoverage(this.#deps, coverage, this.#at);
    if (stopsUnknown(coverage, this.#at)) {
      throw new StreamError('An event of the stream holds text under a key that its format does not know.');
    }
  }
}
