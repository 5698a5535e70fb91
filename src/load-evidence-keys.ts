import { ConfigError } from './core/index.js';
import { type EvidenceKeys, parseEvidenceKeys } from './store/index.js';

/**
 * Returns the keys of kept texts in an environment variable.
 * @throws {ConfigError} when it is not set, or holds anything else.
 */
export function loadEvidenceKeys(name: string): EvidenceKeys {
  const value = process.env[name] ?? '';
  const issue = (message: string, cause?: unknown): ConfigError =>
    new ConfigError('environment', [{ path: name, message }], { cause });
  if (value.trim() === '') {
    throw issue('must hold the key of kept texts, 64 hexadecimal digits, such as the output of: openssl rand -hex 32');
  }
  try {
    return parseEvidenceKeys(value);
  } catch (cause) {
    throw issue(cause instanceof Error ? cause.message : 'cannot be read', cause);
  }
}
