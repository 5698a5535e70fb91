import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { ConfigError, type ConfigIssue } from '../core/index.js';
import { Config } from './schema.js';

/** The JSON Schema of what a config file may hold; `schema.json` is this, written out. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(Config, { io: 'input' });
}

/**
 * The complete config for `input`, defaults filled in. `where` names its source in messages.
 *
 * @throws {ConfigError} When anything is wrong; lists every issue, and for an unknown key the nearest known one.
 */
export function parseConfig(input: unknown, where: string): Config {
  const result = Config.safeParse(input ?? {});
  if (result.success) return result.data;
  throw new ConfigError(where, result.error.issues.flatMap(explain));
}

function explain(issue: z.core.$ZodIssue): ConfigIssue[] {
  if (issue.code === 'invalid_union') {
    const nearest = nearestBranch(issue.errors);
    if (nearest !== undefined) {
      return nearest.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }));
    }
  }
  if (issue.code !== 'unrecognized_keys') return [{ path: formatPath(issue.path), message: issue.message }];
  const known = knownKeys(issue.path);
  return issue.keys.map((key) => ({ path: formatPath([...issue.path, key]), message: unknownKeyMessage(key, known) }));
}

/** The issues of the alternative that was most likely meant; `undefined` when the value is nothing like any of them. */
function nearestBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const weight = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
  const alike = branches.filter(
    (issues) =>
      !issues.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')),
  );
  return alike.sort((a, b) => weight(a) - weight(b))[0];
}

function unknownKeyMessage(key: string, known: readonly string[]): string {
  if (known.length === 0) return 'unknown key';
  const nearest = closest(key, known);
  // A suggestion that shares less than half of its letters with the key is noise: list what there is instead.
  if (distance(key, nearest) <= Math.max(key.length, nearest.length) / 2) {
    return `unknown key; did you mean '${nearest}'?`;
  }
  return `unknown key; known are: ${known.join(', ')}`;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let at: z.core.JSONSchema._JSONSchema | undefined = configJsonSchema();
  for (const step of path) {
    if (typeof at !== 'object') return [];
    if (typeof step === 'number') at = Array.isArray(at.items) ? at.items[step] : at.items;
    else at = at.properties?.[String(step)] ?? at.additionalProperties;
  }
  if (typeof at !== 'object') return [];
  const branches = [at, ...(at.anyOf ?? [])];
  return [
    ...new Set(branches.flatMap((branch) => (typeof branch === 'object' ? Object.keys(branch.properties ?? {}) : []))),
  ];
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
