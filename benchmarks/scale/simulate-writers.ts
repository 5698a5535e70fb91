import type { ScaleInputs } from './inputs.js';
import { seededRandom } from './seeded-random.js';

/** What a database sees of several processes that record hits. */
export interface WriterLoad {
  readonly rowsPerSecond: number;
  readonly transactionsPerSecond: number;
  /** Cores of the database that are busy. */
  readonly busyCores: number;
  /** Milliseconds from a hit to its commit. */
  readonly durableP50Ms: number;
  readonly durableP99Ms: number;
}

const SECONDS = 20;

/** A batch on its way to the database. */
interface Batch {
  readonly atMs: number;
  readonly arrivals: readonly number[];
}

/**
 * Simulates twenty seconds: hits come to each process at random (Poisson), wait until a batch is full or old enough, and the database takes
 * batches with as many servers as it has cores, first come first served.
 * @param hitsPerSecond rows of all processes together
 */
export function simulateWriters(
  { hits, postgres }: ScaleInputs,
  { processes, hitsPerSecond }: { readonly processes: number; readonly hitsPerSecond: number },
): WriterLoad {
  const random = seededRandom(7);
  const batches: Batch[] = [];
  for (let process = 0; process < processes; process += 1) {
    batches.push(...batchesOf(hits, { perMs: hitsPerSecond / processes / 1_000, random }));
  }
  batches.sort((a, b) => a.atMs - b.atMs);
  const freeAt = Array.from({ length: postgres.cores }, () => 0);
  const waits: number[] = [];
  let [busyMs, rows] = [0, 0];
  for (const { atMs, arrivals } of batches) {
    const serviceMs = (postgres.transactionUs + postgres.rowUs * arrivals.length) / 1_000;
    const server = freeAt.indexOf(Math.min(...freeAt));
    const doneMs = Math.max(atMs, freeAt[server] ?? 0) + serviceMs;
    freeAt[server] = doneMs;
    busyMs += serviceMs;
    rows += arrivals.length;
    for (const arrival of arrivals) waits.push(doneMs - arrival);
  }
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.floor(share * (waits.length - 1))] ?? 0;
  return {
    rowsPerSecond: rows / SECONDS,
    transactionsPerSecond: batches.length / SECONDS,
    busyCores: busyMs / 1_000 / SECONDS,
    durableP50Ms: at(0.5),
    durableP99Ms: at(0.99),
  };
}

function* batchesOf(
  { batchRows, batchMs }: ScaleInputs['hits'],
  { perMs, random }: { readonly perMs: number; readonly random: () => number },
): Generator<Batch> {
  let arrivals: number[] = [];
  for (let atMs = gap(perMs, random); atMs < SECONDS * 1_000; atMs += gap(perMs, random)) {
    const due = (arrivals[0] ?? atMs) + batchMs;
    if (atMs > due) {
      yield { atMs: due, arrivals };
      arrivals = [];
    }
    arrivals.push(atMs);
    if (arrivals.length < batchRows) continue;
    yield { atMs, arrivals };
    arrivals = [];
  }
  if (arrivals.length > 0) yield { atMs: (arrivals[0] ?? 0) + batchMs, arrivals };
}

function gap(perMs: number, random: () => number): number {
  return -Math.log(1 - random()) / perMs;
}
