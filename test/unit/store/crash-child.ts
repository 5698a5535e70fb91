import { openDatabase } from '../../../src/store/index.js';
import { hitEntry } from '../../support/hit-entry.js';
import { hitLog } from '../../support/hit-log.js';

/** Records and flushes for ever, telling after each flush how many entries are durable; the test kills this process. */
async function main(store: string): Promise<void> {
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const database = await openDatabase({ store, logger });
  if (database === undefined) throw new Error('no store');
  const log = hitLog(database, { batchSize: 4, batchMs: 5 });
  for (let count = 0; ; ) {
    for (let index = 0; index < 10; index += 1) log.record(hitEntry(`r${count++}`));
    await log.flush();
    process.stdout.write(`acked ${count}\n`);
  }
}

void main(process.argv[2] ?? '');
