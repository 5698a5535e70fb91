import type { ColumnKind, SqlValue } from './database.js';

/** Type of the array of a column. */
export const ARRAY_TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: 'bigint[]',
  real: 'double precision[]',
  text: 'text[]',
  bytes: 'bytea[]',
};

const ESCAPED = /["\\]/;

/**
 * Returns one column of rows as PostgreSQL reads an array. The driver would do it for any nesting and every type, at several times
 * the cost of all else that a row costs here.
 */
export function arrayLiteral(rows: readonly (readonly SqlValue[])[], column: number): string {
  let literal = '{';
  for (const row of rows) {
    const value = row[column] ?? null;
    if (literal.length > 1) literal += ',';
    if (value === null) literal += 'NULL';
    else if (typeof value === 'number') literal += value;
    else if (typeof value === 'string') literal += ESCAPED.test(value) ? `"${escaped(value)}"` : `"${value}"`;
    else literal += `"\\\\x${hex(value)}"`;
  }
  return `${literal}}`;
}

function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
