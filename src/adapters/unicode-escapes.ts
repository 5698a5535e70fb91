const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|[^u])/g;

/**
 * Returns JSON source with its `\uXXXX` escapes of printable characters decoded, so that a term cannot hide in them.
 * The result is still valid JSON if the source was: quotes, backslashes and controls stay escaped. Never throws.
 */
export function decodeUnicodeEscapes(source: string): string {
  if (!source.includes('\\u')) return source;
  return source.replace(ESCAPE, (whole: string, digits: string | undefined) => {
    if (digits === undefined) return whole;
    const unit = Number.parseInt(digits, 16);
    return unit < 0x20 || unit === 0x22 || unit === 0x5c ? whole : String.fromCharCode(unit);
  });
}
