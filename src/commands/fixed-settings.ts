import type { Config } from '../config/index.js';

/** Settings that are read once at the start. */
const FIXED = [
  'listen',
  'adminListen',
  'admin',
  'server',
  'store',
  'hitLog',
  'retention',
  'evidence',
  'features',
  'log',
] as const;

/** The settings of a config that are read once at the start. */
export type FixedSettings = Pick<Config, (typeof FIXED)[number]>;

/** Returns what of a config holds until the end of the process. */
export function fixedSettings(config: Config): FixedSettings {
  const { listen, adminListen, admin, server, store, hitLog, retention, evidence, features, log } = config;
  return { listen, adminListen, admin, server, store, hitLog, retention, evidence, features, log };
}

/** The settings that a new config has changed to no effect. */
export function changedFixedSettings(first: Config, next: Config): string[] {
  return FIXED.filter((key) => JSON.stringify(first[key]) !== JSON.stringify(next[key]));
}
