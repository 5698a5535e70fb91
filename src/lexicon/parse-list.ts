import { createHash } from 'node:crypto';
import { type Category, LexiconError, type LexiconIssue, type Severity } from '../core/index.js';
import type { Condition, LexiconEntry, ParsedList, Phrase } from './entry.js';

const MAX_EXPANSIONS = 20_000;

/** Text of a list file and what its name says. */
export interface ListSource {
  readonly text: string;
  readonly file: string;
  readonly language: string;
  readonly category: Category;
}

/**
 * Parses one list file; the format is documented in `models/lexicon/README.md`.
 * @throws {LexiconError} naming file, line and reason of every bad line.
 */
export function parseList(source: ListSource): ParsedList {
  const issues: LexiconIssue[] = [];
  const entries: LexiconEntry[] = [];
  const allow: Phrase[] = [];
  const sets = new Map<string, string>();
  let severity: Severity = 2;
  source.text.split(/\r?\n/u).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
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
      if (resolved.startsWith('!')) allow.push(...expandPhrase(resolved.slice(1)));
      else entries.push(parseEntry({ line: resolved, source, severity }));
    } catch (error) {
      issues.push({
        file: source.file,
        line: index + 1,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  });
  if (issues.length > 0) throw new LexiconError(issues);
  const { text, language, category } = source;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([language, category]))
    .update(text)
    .digest('hex');
  return { fingerprint, entries, allow };
}

function resolveSets(line: string, sets: ReadonlyMap<string, string>): string {
  return line.replace(/<([\w-]+)>/gu, (_, name: string) => {
    const members = sets.get(name);
    if (members === undefined) throw new Error(`unknown set <${name}>; define it above with "@set ${name} = ..."`);
    return `{${members}}`;
  });
}

function parseEntry({
  line,
  source,
  severity: inherited,
}: {
  line: string;
  source: ListSource;
  severity: Severity;
}): LexiconEntry {
  const [term = '', ...options] = line.split('|').map((part) => part.trim());
  if (term === '') throw new Error('the term before the first "|" is empty');
  let severity = inherited;
  let within = { back: 60, ahead: 60 };
  let exact = false;
  let id = `${source.language}/${source.category}/${createHash('sha256').update(term).digest('hex').slice(0, 8)}`;
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
  return { id, category: source.category, severity, terms: expandPhrase(term), conditions, exact, within };
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

/** Expands `{a,b}` and `{1..17}`, nested too. Throws on unbalanced braces and on more than 20,000 results. */
export function expandBraces(pattern: string): string[] {
  let position = 0;
  const sequence = (depth: number): string[] => {
    let results = [''];
    while (position < pattern.length) {
      const char = pattern.charAt(position);
      if (depth > 0 && (char === ',' || char === '}')) break;
      if (char === '}') throw new Error('"}" without "{"');
      position += 1;
      const tails = char === '{' ? alternatives(depth + 1) : [char];
      if (results.length * tails.length > MAX_EXPANSIONS)
        throw new Error(`more than ${MAX_EXPANSIONS} expansions; split the entry`);
      results =
        tails.length === 1
          ? results.map((head) => head + tails[0])
          : results.flatMap((head) => tails.map((tail) => head + tail));
    }
    return results;
  };
  const alternatives = (depth: number): string[] => {
    const range = /^\s*(\d{1,5})\.\.(\d{1,5})\s*\}/u.exec(pattern.slice(position, position + 20));
    if (range !== null) {
      position += range[0].length;
      return numbers(Number(range[1]), Number(range[2]));
    }
    const all: string[] = [];
    for (;;) {
      all.push(...sequence(depth).map((alternative) => alternative.trim()));
      const char = pattern.charAt(position);
      if (char === '') throw new Error('"{" without "}"');
      position += 1;
      if (char === '}') return [...new Set(all)];
    }
  };
  return [...new Set(sequence(0))];
}

function numbers(from: number, to: number): string[] {
  if (to < from || to - from > 1000) throw new Error(`range ${from}..${to} must ascend and span at most 1000`);
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}
