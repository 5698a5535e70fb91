import { closest } from 'fastest-levenshtein';
import { type Category, ConfigError, type ConfigIssue, type Severity } from '../core/index.js';
import type { LexiconEntry, ParsedList } from './entry.js';

/** Another severity or category for the entries that `id` names. */
export interface EntryOverride {
  readonly id: string;
  readonly severity?: Severity | undefined;
  readonly category?: Category | undefined;
}

/** What the config changes about entries that it does not write itself. An id may hold `*` for any characters. */
export interface Adjustments {
  readonly disable: readonly string[];
  readonly override: readonly EntryOverride[];
}

/**
 * The lists without the disabled entries, and with the others as they are overridden; of several overrides of one entry
 * the last wins. `where` names the config in messages.
 * @throws {ConfigError} for every id that no entry has, with the nearest one.
 */
export function adjustLists(
  lists: readonly ParsedList[],
  { disable, override }: Adjustments,
  where: string,
): readonly ParsedList[] {
  if (disable.length === 0 && override.length === 0) return lists;
  const entries = new Map(lists.flatMap((list) => list.entries.map((entry) => [entry.id, entry] as const)));
  const issues: ConfigIssue[] = [];
  const idsOf = (name: string, path: string): string[] => {
    const ids = name.includes('*') ? matching(name, entries.keys()) : [name].filter((id) => entries.has(id));
    if (ids.length === 0) issues.push({ path, message: unknownId(name, [...entries.keys()]) });
    return ids;
  };
  const changed = new Map<string, LexiconEntry>();
  override.forEach(({ id: name, severity, category }, index) => {
    for (const id of idsOf(name, `lexicon.override[${index}].id`)) {
      const entry = changed.get(id) ?? entries.get(id);
      if (entry === undefined) continue;
      changed.set(id, { ...entry, severity: severity ?? entry.severity, category: category ?? entry.category });
    }
  });
  const disabled = new Set(disable.flatMap((name, index) => idsOf(name, `lexicon.disable[${index}]`)));
  if (issues.length > 0) throw new ConfigError(where, issues);
  return lists.map((list) => ({
    ...list,
    entries: list.entries.flatMap((entry) => (disabled.has(entry.id) ? [] : [changed.get(entry.id) ?? entry])),
  }));
}

function matching(glob: string, ids: Iterable<string>): string[] {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/gu, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`, 'su');
  return [...ids].filter((id) => pattern.test(id));
}

function unknownId(name: string, ids: readonly string[]): string {
  if (ids.length === 0) return `no entry has the id '${name}'; the lists hold none`;
  const what = name.includes('*') ? `no entry has an id like '${name}'` : `no entry has the id '${name}'`;
  return `${what}; did you mean '${closest(name, ids)}'?`;
}
