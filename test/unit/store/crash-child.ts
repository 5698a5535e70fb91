import { openSqliteStore } from '../../../src/store/index.js';
import { hitEntry } from '../../support/store-contract.js';

/** Records and flushes for ever, telling after each flush how many entries are durable; the test kills this process. */
async function main(path: string): Promise<void> {
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const clock = { now: () => 0 };
  const store = openSqliteStore({ path, batchSize: 4, batchMs: 5, maxQueued: 1_000, clock, logger });
  for (let count = 0; ; ) {
    for (let index = 0; index < 10; index += 1) store.record(hitEntry(`r${count++}`));
    await store.flush();
    process.stdout.write(`acked ${count}\n`);
  }
}

void main(process.argv[2] ?? '');
