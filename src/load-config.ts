import { readFileSync } from 'node:fs';
import { type Config, type ConfigInput, parseConfig } from './config/index.js';
import { ConfigError } from './core/index.js';

/**
 * The validated config in a YAML (or JSON) file, the defaults for no file or an empty one; what the command line sets goes before.
 *
 * @throws {ConfigError} When the file cannot be read, is not YAML (with its line), or holds an invalid config.
 */
export function loadConfig(file: string | undefined, overrides: ConfigInput = {}): Config {
  const written = file === undefined ? {} : (parseYaml(readConfigFile(file), file) ?? {});
  const input = isRecord(written) ? { ...written, ...overrides } : written;
  return parseConfig(input, file ?? 'command line');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
    const message = code === 'ENOENT' ? 'file does not exist' : `file cannot be read (${code})`;
    throw new ConfigError(file, [{ path: '', message }], { cause: error });
  }
}

function parseYaml(text: string, file: string): unknown {
  // Loaded here: whoever has no file needs none of its seventy modules.
  const { LineCounter, parseDocument } = require('yaml') as typeof import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [first] = document.errors;
  if (first !== undefined) {
    const issues = document.errors.map((error) => ({
      path: '',
      message: `line ${lineCounter.linePos(error.pos[0]).line}: ${error.message}`,
    }));
    throw new ConfigError(`${file}:${lineCounter.linePos(first.pos[0]).line}`, issues, { cause: first });
  }
  try {
    return document.toJS();
  } catch (error) {
    // Aliases without an anchor, or aliases that would expand without bound.
    const message = error instanceof Error ? error.message : 'cannot be read as YAML';
    throw new ConfigError(file, [{ path: '', message }], { cause: error });
  }
}
