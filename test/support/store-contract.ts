import type { HitEntry, Store } from '../../src/core/index.js';

/** Settings a contract case may choose; the harness fills in path, clock and logger. */
export interface StoreTuning {
  readonly batchSize?: number;
  readonly batchMs?: number;
  readonly maxQueued?: number;
}

/** One recorded row as the contract looks at it, in the order of recording. */
export interface RecordedRow {
  readonly requestId: string;
  readonly outcome: string;
  readonly category: string | null;
  readonly termId: string | null;
  readonly start: number | null;
  readonly end: number | null;
}

/** How the contract opens a fresh store and looks at what is durable, from outside of the store. */
export interface StoreHarness {
  open(tuning?: StoreTuning): Store;
  rows(): RecordedRow[];
  cleanUp(): void;
}

/** An entry with one made-up lexicon hit; `change` replaces any part. */
export function hitEntry(requestId: string, change: Partial<HitEntry> = {}): HitEntry {
  return {
    timeMs: 1_700_000_000_000,
    requestId,
    direction: 'input',
    route: '/v1/chat/completions',
    outcome: 'screened',
    field: 'messages[0].content',
    policy: 'default',
    mode: 'enforce',
    action: 'block',
    applied: 'block',
    hits: [
      {
        category: 'abusive',
        source: 'lexicon',
        score: 0.995,
        span: { start: 2, end: 10 },
        action: 'block',
        termId: 'en/abusive/00000001',
      },
    ],
    versions: { policy: 'p1', lexicon: 'l1', model: 'm1' },
    ...change,
  };
}

/** What every implementation of `Store` promises. */
export function describeStoreContract(name: string, createHarness: () => StoreHarness): void {
  describe(`${name} keeps the store contract`, () => {
    let harness: StoreHarness;
    const opened: Store[] = [];
    const open = (tuning?: StoreTuning): Store => {
      const store = harness.open(tuning);
      opened.push(store);
      return store;
    };

    beforeEach(() => {
      harness = createHarness();
    });
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
      harness.cleanUp();
    });

    test('a flushed entry is readable from outside, one row per hit', async () => {
      const store = open();
      const first = hitEntry('r1').hits[0]!;
      store.record(
        hitEntry('r1', {
          hits: [
            first,
            { category: 'crime', source: 'classifier', score: 0.8, span: { start: 0, end: 40 }, action: 'flag' },
          ],
        }),
      );
      await store.flush();
      expect(harness.rows()).toEqual([
        { requestId: 'r1', outcome: 'screened', category: 'abusive', termId: 'en/abusive/00000001', start: 2, end: 10 },
        { requestId: 'r1', outcome: 'screened', category: 'crime', termId: null, start: 0, end: 40 },
      ]);
      expect(store.stats()).toEqual({ queued: 0, written: 1, dropped: 0, errors: 0, healthy: true });
    });

    test('what passed unscreened, failed open or was blocked without hits is one row without category', async () => {
      const store = open();
      store.record(hitEntry('r1', { hits: [], outcome: 'unscreened', action: 'allow', applied: 'allow' }));
      store.record(hitEntry('r2', { hits: [], outcome: 'failed-open', action: 'allow', applied: 'allow' }));
      store.record(hitEntry('r3', { hits: [] }));
      store.record(hitEntry('clean', { hits: [], action: 'allow', applied: 'allow' }));
      await store.flush();
      expect(harness.rows().map((row) => [row.requestId, row.outcome, row.category])).toEqual([
        ['r1', 'unscreened', null],
        ['r2', 'failed-open', null],
        ['r3', 'screened', null],
      ]);
    });

    test('order survives many batches', async () => {
      const store = open({ batchSize: 7 });
      const ids = Array.from({ length: 50 }, (_, index) => `r${index}`);
      for (const id of ids) store.record(hitEntry(id));
      await store.flush();
      expect(harness.rows().map((row) => row.requestId)).toEqual(ids);
    });

    test('a full batch is written without waiting for its age', async () => {
      const store = open({ batchSize: 2, batchMs: 60_000 });
      store.record(hitEntry('r1'));
      store.record(hitEntry('r2'));
      await until(() => store.stats().written === 2);
      expect(harness.rows()).toHaveLength(2);
    });

    test('a partial batch is written once it is old enough', async () => {
      const store = open({ batchSize: 100, batchMs: 5 });
      store.record(hitEntry('r1'));
      await until(() => store.stats().written === 1);
      expect(harness.rows()).toHaveLength(1);
    });

    test('a full queue drops the newest and counts it', async () => {
      const store = open({ maxQueued: 3, batchMs: 60_000 });
      for (let index = 0; index < 5; index += 1) store.record(hitEntry(`r${index}`));
      expect(store.stats()).toMatchObject({ queued: 3, dropped: 2 });
      await store.flush();
      expect(harness.rows().map((row) => row.requestId)).toEqual(['r0', 'r1', 'r2']);
    });

    test('an entry that cannot be stored is dropped and counted, its neighbours are kept', async () => {
      const store = open();
      store.record(hitEntry('r1'));
      store.record(hitEntry('bad', { timeMs: Number.NaN }));
      store.record(hitEntry('r2'));
      await store.flush();
      expect(harness.rows().map((row) => row.requestId)).toEqual(['r1', 'r2']);
      expect(store.stats()).toMatchObject({ written: 2, dropped: 1, errors: 1, healthy: true });
    });

    test('close writes what waits, may be called twice, and later entries are counted as dropped', async () => {
      const store = open({ batchMs: 60_000 });
      store.record(hitEntry('r1'));
      await Promise.all([store.close(), store.close()]);
      expect(() => store.record(hitEntry('late'))).not.toThrow();
      expect(store.stats()).toMatchObject({ written: 1, dropped: 1, healthy: false });
      expect(harness.rows()).toHaveLength(1);
    });

    test('a second opening appends to what is there', async () => {
      const first = open();
      first.record(hitEntry('r1'));
      await first.close();
      const second = open();
      second.record(hitEntry('r2'));
      await second.flush();
      expect(harness.rows().map((row) => row.requestId)).toEqual(['r1', 'r2']);
    });
  });
}

/** Waits for a condition that a timer of the store brings about; fails after five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
