import type { LexiconEntry, ParsedList } from './entry.js';
import { EntryIds } from './entry-ids.js';
import { DEFAULT_SEVERITY, fingerprintOfList, type ListSource } from './parse-list.js';

const WITHIN = { back: 60, ahead: 60 };

/**
 * Parses a list of one term per line, as word lists are commonly published. Nothing but a `#` at the start of a line, for
 * a comment, has a meaning; a term that was there before is skipped. Never throws.
 */
export function parsePlainList(source: ListSource): ParsedList {
  const { file, language, category, severity = DEFAULT_SEVERITY } = source;
  const entries: LexiconEntry[] = [];
  const seen = new Set<string>();
  const ids = new EntryIds(source);
  source.text.split(/\r\n|\r|\n/u).forEach((raw, index) => {
    const text = raw.replace(/\s+/gu, ' ').trim();
    const key = text.toLowerCase();
    if (text === '' || text.startsWith('#') || seen.has(key)) return;
    seen.add(key);
    const place = { file, line: index + 1 };
    entries.push({
      id: ids.idFor({ text, line: place.line }),
      source: place,
      language,
      category,
      severity,
      terms: [{ text, openStart: false, openEnd: false }],
      conditions: [],
      exact: false,
      within: WITHIN,
    });
  });
  return { fingerprint: `plain ${fingerprintOfList(source)}`, entries, allow: [] };
}
