import { StoreError } from '../../src/core/index.js';
import type { Database } from '../../src/store/index.js';
import { SQLITE } from '../../src/store/sqlite-dialect.js';

const down = async (): Promise<never> => {
  throw new StoreError('zorg is down');
};

/** A database that refuses everything; listeners hear nothing. */
export const unreachableDatabase: Database = {
  dialect: SQLITE,
  label: 'zorg',
  all: down,
  run: down,
  insert: down,
  insertTogether: down,
  transaction: down,
  listen: async () => async () => undefined,
  notify: down,
  reclaim: down,
  close: async () => undefined,
};
