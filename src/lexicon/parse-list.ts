import { createHash } from 'node:crypto';
import { type Category, LexiconError, type LexiconIssue, messageOf, type Severity } from '../core/index.js';
import type { AllowPhrase, Condition, LexiconEntry, ParsedList, Phrase } from './entry.js';
import { EntryIds } from './entry-ids.js';
import { expandBraces } from './expand-braces.js';

/** Text of a list, and what its name or the config says of it. */
export interface ListSource {
  readonly text: string;
  /** Names the list in messages. */
  readonly file: string;
  readonly language: string;
  readonly category: Category;
  /** Severity of the entries before the first header; 2 when left out. */
  readonly severity?: Severity | undefined;
}

/** Severity of entries of which nothing else is said. */
export const DEFAULT_SEVERITY: Severity = 2;

/**
 * Parses one list file; the format is documented in `models/lexicon/README.md`.
 * @throws {LexiconError} naming file, line and reason of every bad line.
 */
export function parseList(source: ListSource): ParsedList {
  const issues: LexiconIssue[] = [];
  const entries: LexiconEntry[] = [];
  const allow: AllowPhrase[] = [];
  const sets = new Map<string, string>();
  const ids = new EntryIds(source);
  let severity = source.severity ?? DEFAULT_SEVERITY;
  source.text.split(/\r?\n/u).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const place = { file: source.file, line: index + 1 };
    try {
      if (line.startsWith('@set ')) {
        const set = /^@set\s+([\w-]+)\s*=\s*(.+)$/u.exec(line);
        if (set === null) throw new Error('a set reads "@set name = word, word"');
        sets.set(set[1] ?? '', resolveSets(set[2] ?? '', sets));
        return;
      }
      if (line.startsWith('[')) {
        const header = /^\[\s*severity\s+([1-4])\s*\]$/u.exec(line);
        if (header === null) throw new Error('a section header reads "[severity 1]" to "[severity 4]"');
        severity = Number(header[1]) as Severity;
        return;
      }
      const resolved = resolveSets(line, sets);
      if (resolved.startsWith('!')) {
        for (const phrase of expandPhrase(resolved.slice(1))) allow.push({ ...phrase, source: place });
        return;
      }
      const { id, ...entry } = parseEntry({ line: resolved, severity });
      const { language, category } = source;
      entries.push({
        id: ids.idFor({ text: line, line: place.line, own: id }),
        source: place,
        language,
        category,
        ...entry,
      });
    } catch (error) {
      issues.push({ ...place, message: messageOf(error) });
    }
  });
  if (issues.length > 0) throw new LexiconError(issues);
  return { fingerprint: fingerprintOfList(source), entries, allow };
}

/** Hash of the text of a list and of how it is read. */
export function fingerprintOfList({ text, language, category, severity }: ListSource): string {
  return createHash('sha256')
    .update(JSON.stringify([language, category, severity]))
    .update(text)
    .digest('hex');
}

function resolveSets(line: string, sets: ReadonlyMap<string, string>): string {
  return line.replace(/<([\w-]+)>/gu, (_, name: string) => {
    const members = sets.get(name);
    if (members === undefined) throw new Error(`unknown set <${name}>; define it above with "@set ${name} = ..."`);
    return `{${members}}`;
  });
}

type EntryOfLine = Omit<LexiconEntry, 'id' | 'source' | 'language' | 'category'> & { readonly id: string | undefined };

function parseEntry({
  line,
  severity: inherited,
}: {
  readonly line: string;
  readonly severity: Severity;
}): EntryOfLine {
  const [term = '', ...options] = line.split('|').map((part) => part.trim());
  if (term === '') throw new Error('the term before the first "|" is empty');
  let severity = inherited;
  let within = { back: 60, ahead: 60 };
  let exact = false;
  let id: string | undefined;
  const conditions: Condition[] = [];
  for (const option of options) {
    if (option === 'exact') {
      exact = true;
      continue;
    }
    const [, key = '', value = ''] = /^(\w+)\s*:?\s*(.*)$/u.exec(option) ?? [];
    if (value === '') throw new Error(`option "${option}" has no value`);
    switch (key) {
      case 'severity':
        if (!/^[1-4]$/u.test(value)) throw new Error(`severity must be 1 to 4, not "${value}"`);
        severity = Number(value) as Severity;
        break;
      case 'within':
        if (value === 'text') within = { back: Number.POSITIVE_INFINITY, ahead: 200 };
        else if (/^\d{1,4}$/u.test(value)) within = { back: Number(value), ahead: Math.min(Number(value), 400) };
        else throw new Error(`within takes a number of characters or "text", not "${value}"`);
        break;
      case 'id':
        // A star means something where entries are named in the config.
        if (!/^[^\s*]+$/u.test(value)) throw new Error(`an id holds no space and no "*", unlike "${value}"`);
        id = value;
        break;
      case 'near':
      case 'unless':
        conditions.push({ kind: key, phrases: splitTop(value).flatMap(expandPhrase) });
        break;
      default:
        throw new Error(`unknown option "${key}"; known are severity, near, unless, within, exact, id`);
    }
  }
  return { id, severity, terms: expandPhrase(term), conditions, exact, within };
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part].map((p) => p.trim()).filter((p) => p !== '');
}

function expandPhrase(pattern: string): Phrase[] {
  const phrases = new Map<string, Phrase>();
  for (const expanded of expandBraces(pattern)) {
    let text = expanded.replace(/\s+/gu, ' ').trim();
    const openStart = text.startsWith('*');
    if (openStart) text = text.slice(1);
    const openEnd = text.endsWith('*');
    if (openEnd) text = text.slice(0, -1);
    if (text === '') throw new Error(`"${pattern}" expands to an empty phrase`);
    phrases.set(`${openStart}${openEnd}${text}`, { text, openStart, openEnd });
  }
  return [...phrases.values()];
}
