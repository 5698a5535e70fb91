const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([^u]))/g;

/**
 * White space that stands in for an escape. Left as `\n` its letter would join the next word and hide it; turned into a
 * real line break it could not be told from layout between tokens. These characters do not occur in NFC text, or hardly.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  n: '\u2000',
  r: '\u2001',
  t: '\u1680',
  f: '\u205f',
  b: '\u2008',
};
const LETTERS = new Map(Object.entries(STAND_INS).map(([letter, standIn]) => [standIn, letter]));
const ANY_STAND_IN = /[\u2000\u2001\u1680\u205f\u2008]/g;
const OPENING = /^\s*[[{]/;

/** Whether a text begins like JSON source, so that its reader may parse it. Never throws. */
export function looksLikeJson(text: string): boolean {
  return OPENING.test(text);
}

/** Returns what one escape stands for; the escape itself where that could not be written back. Never throws. */
export function decodeEscape(found: string): string {
  return found.replace(ESCAPE, (whole: string, digits: string | undefined, letter: string | undefined) => {
    if (digits === undefined) return STAND_INS[letter ?? ''] ?? whole;
    const unit = Number.parseInt(digits, 16);
    const decoded = String.fromCharCode(unit);
    return unit < 0x20 || decoded === '"' || decoded === '\\' || LETTERS.has(decoded) ? whole : decoded;
  });
}

/**
 * Returns JSON source with its escapes made readable, so that a term cannot hide in them: `\uXXXX` of printable
 * characters is decoded, and `\n` and its like become white space. Quotes and backslashes stay escaped. Never throws.
 */
export function decodeJsonSource(source: string): string {
  return source.includes('\\') ? decodeEscape(source) : source;
}

/** Returns valid JSON source for text that `decodeJsonSource` made readable. Never throws. */
export function encodeJsonSource(text: string): string {
  return text.replace(ANY_STAND_IN, (standIn) => `\\${LETTERS.get(standIn) ?? 'n'}`);
}
