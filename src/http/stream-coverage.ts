import {
  type Adapter,
  BARE_DATA,
  listUnread,
  mayHoldContent,
  partsOf,
  readerOf,
  type StreamStep,
  unknownFields,
} from '../adapters/index.js';
import { StreamError, type UnscreenedPart } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import type { Moderator } from '../moderator/index.js';
import { recordCoverage, stopsUnknown } from './coverage.js';
import type { Exchange, RecordDeps } from './exchange.js';

/** What a stream carries that is not judged, or not known to its format; each place of it counts once, however many events it fills. */
export class StreamCoverage {
  readonly #deps: RecordDeps & { readonly moderator: Moderator };
  readonly #format: Adapter['name'];
  readonly #at: { readonly exchange: Exchange; readonly direction: 'output' };
  /** Parts that are not judged, by reason and place. */
  readonly #parts = new Map<string, UnscreenedPart>();
  /** Channels that were looked at for keys that the format does not know. */
  readonly #checked = new Set<string>();
  readonly #unknown = new Set<string>();
  #recorded = false;

  constructor(deps: RecordDeps & { readonly moderator: Moderator }, { name }: Adapter, exchange: Exchange) {
    this.#deps = deps;
    this.#format = name;
    this.#at = { exchange, direction: 'output' };
  }

  /** What was not judged so far. */
  get unscreened(): readonly UnscreenedPart[] {
    return [...this.#parts.values()];
  }

  /**
   * Looks at an event of the backend.
   * @throws {StreamError} when it holds something under a key that the format does not know, and the policy stops that.
   */
  note({ data }: StreamEvent, step: StreamStep): void {
    const isBare = step.value !== undefined && Object.hasOwn(step.value, BARE_DATA);
    if (isBare || mayHoldContent(data)) this.#noteParts(step);
    if (this.#at.exchange.policy.unknownFields.output !== 'allow') this.#noteUnknown(step, isBare);
  }

  /** Records what was not judged; once, however often it is called. */
  record(): void {
    if (this.#recorded) return;
    this.#recorded = true;
    recordCoverage(this.#deps, { unscreened: this.unscreened, unknown: [] }, this.#at);
  }

  #noteParts({ value, fields, deltas, placeOf = (path) => path }: StreamStep): void {
    const isRead = readerOf([...fields, ...deltas.map(({ channel, text }) => ({ path: channel, text }))]);
    const unread = listUnread(value, ({ path, value: text }) => isRead({ path: placeOf(path), value: text }));
    for (const { field, reason } of partsOf(unread)) {
      const place = placeOf(field);
      this.#parts.set(`${reason} ${place}`, { field: place, reason });
    }
  }

  #noteUnknown({ fields, deltas }: StreamStep, isBare: boolean): void {
    const channels = deltas.filter(({ channel }) => !this.#checked.has(channel));
    for (const { channel } of channels) this.#checked.add(channel);
    const places = [...fields, ...channels.map(({ channel, text }) => ({ path: channel, text }))];
    const unknown = [...unknownFields(this.#format, places), ...(isBare ? [BARE_DATA] : [])];
    const fresh = unknown.filter((path) => !this.#unknown.has(path.replace(/\d+/g, '')));
    if (fresh.length === 0) return;
    for (const path of fresh) this.#unknown.add(path.replace(/\d+/g, ''));
    const coverage = { unscreened: [], unknown: fresh };
    recordCoverage(this.#deps, coverage, this.#at);
    if (stopsUnknown(coverage, this.#at)) {
      throw new StreamError('An event of the stream holds something under a key that its format does not know.');
    }
  }
}
