import type { HitEntry, Store } from '../../src/core/index.js';

/** A store that keeps entries in memory, and those entries. */
export function recordingStore(): { readonly store: Store; readonly entries: HitEntry[] } {
  const entries: HitEntry[] = [];
  const store: Store = {
    record: (entry) => entries.push(entry) > 0,
    durable: () => undefined,
    room: () => undefined,
    accepts: () => true,
    flush: async () => undefined,
    close: async () => undefined,
    stats: () => ({ queued: 0, spooledBytes: 0, written: 0, dropped: 0, errors: 0, healthy: true }),
  };
  return { store, entries };
}
