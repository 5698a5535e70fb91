/** What a spreadsheet takes for the start of a formula, full width as well, and what it skips before one. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u;

/**
 * Returns a line of CSV (RFC 4180) that no spreadsheet runs: a text that would be taken for a formula gets an apostrophe in
 * front. Numbers stay numbers; null is an empty cell.
 * Source: OWASP, "CSV Injection".
 */
export function csvLine(values: readonly (string | number | null)[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
