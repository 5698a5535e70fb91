import { ConfigError } from './core/index.js';

const MIN_LENGTH = 16;

/**
 * Returns the secret in an environment variable as bytes; undefined when it is not set.
 * @throws {ConfigError} when it is too short to be one.
 */
export function loadSecret(name: string): Uint8Array | undefined {
  const value = process.env[name] ?? '';
  if (value === '') return undefined;
  if (value.length < MIN_LENGTH) {
    const message = `must hold a secret of at least ${MIN_LENGTH} characters, such as the output of: openssl rand -hex 32`;
    throw new ConfigError('environment', [{ path: name, message }]);
  }
  return Buffer.from(value, 'utf8');
}

/**
 * Returns the secret in an environment variable as bytes.
 * @throws {ConfigError} when it is not set or too short; `setting` names what needs it.
 */
export function requireSecret(name: string, setting: string): Uint8Array {
  const secret = loadSecret(name);
  if (secret === undefined) {
    const message = `must be set, because the config has ${setting}`;
    throw new ConfigError('environment', [{ path: name, message }]);
  }
  return secret;
}
