import { CATEGORIES, DIRECTIONS, type Direction, type Verdict } from '../core/index.js';

/** One text to judge. */
export interface CheckRecord {
  /** JSON text of the id. */
  readonly id: string;
  readonly text: string;
  /** Undefined when the command line decides. */
  readonly direction: Direction | undefined;
}

/**
 * Returns the record on one JSON line; without an id its line number is the id.
 * @throws {TypeError} saying what is wrong with the line.
 */
export function parseCheckRecord(line: string, lineNumber: number): CheckRecord {
  const record = parseJson(line);
  if (typeof record !== 'object' || record === null || !('text' in record) || typeof record.text !== 'string') {
    throw new TypeError('needs a string "text"');
  }
  const direction = 'direction' in record ? DIRECTIONS.find((known) => known === record.direction) : undefined;
  if ('direction' in record && direction === undefined) {
    throw new TypeError(`"direction" must be ${DIRECTIONS.map((known) => `"${known}"`).join(' or ')}`);
  }
  return { id: 'id' in record ? idLiteral(record.id, line) : String(lineNumber), text: record.text, direction };
}

/** The line that `check --jsonl` writes for a record. `id` is JSON text. */
export function formatCheckResult(id: string, verdict: Verdict): string {
  const rest = JSON.stringify({
    action: verdict.action,
    flagged: verdict.action !== 'allow',
    categories: Object.fromEntries(CATEGORIES.map((category) => [category, round(verdict.scores[category])])),
    hits: verdict.hits.map(({ category, source, score, span, termId }) => ({
      category,
      source,
      score: round(score),
      start: span.start,
      end: span.end,
      ...(termId === undefined ? {} : { term: termId }),
    })),
  });
  return `{"id":${id},${rest.slice(1)}\n`;
}

/** The part of a report line that says what was found, such as `block crime 0.98 (lexicon)`. */
export function describeVerdict(verdict: Verdict): string {
  const strongest = new Map<string, { readonly label: string; readonly score: number; readonly source: string }>();
  for (const { category, source, score } of verdict.hits) {
    const key = `${category} ${source}`;
    if (score > (strongest.get(key)?.score ?? -1)) strongest.set(key, { label: category, score, source });
  }
  const found = [...strongest.values()].sort((a, b) => b.score - a.score);
  const parts = found.map(({ label, score, source }) => `${label} ${score.toFixed(2)} (${source})`);
  if (verdict.failedDetectors.length > 0) parts.push(`could not run: ${verdict.failedDetectors.join(', ')}`);
  return `${verdict.action} ${parts.join(', ')}`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own message repeats the text.
    throw new TypeError('is not JSON');
  }
}

/** Ids come back as they were given, also integers beyond what a double holds. */
function idLiteral(id: unknown, line: string): string {
  if (typeof id === 'number' && !Number.isSafeInteger(id)) {
    const literals = [...line.matchAll(/(?<!\\)"id"\s*:\s*(-?\d[\d.eE+-]*)/g)].map((match) => match[1] ?? '');
    return literals.find((literal) => Number(literal) === id) ?? JSON.stringify(id);
  }
  return JSON.stringify(id);
}

function round(score: number): number {
  return Math.round(score * 10_000) / 10_000;
}
