import { ConfigError } from '../core/index.js';

/** A store as the config names it. */
export type StoreUrl = SqliteUrl | PostgresUrl;

/** A SQLite file. */
export interface SqliteUrl {
  readonly kind: 'sqlite';
  readonly path: string;
}

/** A PostgreSQL database. */
export interface PostgresUrl {
  readonly kind: 'postgres';
  /** For the driver alone: may hold a password. */
  readonly connectionString: string;
  /** PostgreSQL schema with our tables. */
  readonly schema: string;
  /** Settings of the session, as the parameter `options` has them; empty when it is left out. */
  readonly options: string;
  /** For messages and logs: neither password nor parameters. */
  readonly label: string;
}

const DEFAULT_SCHEMA = 'sluice';

/**
 * Reads the setting `store`; undefined for `none`.
 * @throws {ConfigError} when it is neither `sqlite:<file>`, `postgres://...` nor `none`.
 */
export function parseStoreUrl(setting: string): StoreUrl | undefined {
  if (setting === 'none') return undefined;
  const path = /^sqlite:(.+)$/s.exec(setting)?.[1];
  if (path !== undefined) return { kind: 'sqlite', path };
  const url = /^postgres(?:ql)?:\/\//.test(setting) && URL.canParse(setting) ? new URL(setting) : undefined;
  if (url === undefined) refuse('must be sqlite:<file>, postgres://user@host:port/database or none');
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_')) {
    refuse('the parameter `schema` must be a name of lower-case letters, digits and _');
  }
  const options = url.searchParams.get('options') ?? '';
  // Ours would be lost beside it.
  for (const name of ['schema', 'options']) url.searchParams.delete(name);
  const user = url.username === '' ? '' : `${url.username}@`;
  const label = `postgres://${user}${url.host}${url.pathname}`;
  return { kind: 'postgres', connectionString: url.href, schema, options, label };
}

/** The setting is never repeated: it may hold a password. */
function refuse(message: string): never {
  throw new ConfigError('config', [{ path: 'store', message }]);
}
