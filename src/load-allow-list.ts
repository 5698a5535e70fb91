import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config, ListConfig } from './config/index.js';

/**
 * The lists of a config, and behind them the list of allow-phrases of overturned appeals, once there is one. Its category is that of
 * entries somebody else may put there: allow-phrases hold for all.
 */
export function listsOf({ lists, appeals: { allowList } }: Config, baseDir: string): ListConfig[] {
  if (allowList === undefined || !existsSync(resolve(baseDir, allowList))) return lists;
  return [...lists, { path: allowList, category: 'abusive' }];
}

/** The lines of a list of allow-phrases; undefined while there is no file. */
export function readAllowList(path: string): string[] | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').split(/\r?\n/) : undefined;
}
