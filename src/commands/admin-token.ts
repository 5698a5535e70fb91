import type { Config } from '../config/index.js';
import { ConfigError } from '../core/index.js';

const MIN_TOKEN_LENGTH = 16;

/**
 * Returns the bearer token of the admin routes; undefined when the environment has none.
 * @throws {ConfigError} when it is too short or holds other than printable characters.
 */
export function adminToken({ admin }: Config, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const token = env[admin.tokenEnv];
  if (token === undefined || token === '') return undefined;
  if (token.length < MIN_TOKEN_LENGTH || /[^\x21-\x7E]/.test(token)) {
    const message = `must hold at least ${MIN_TOKEN_LENGTH} printable ASCII characters without spaces`;
    throw new ConfigError('environment', [{ path: admin.tokenEnv, message }]);
  }
  return token;
}
