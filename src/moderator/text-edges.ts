/** Text that is read on either side of a seam, UTF-16 units: longer than a term, and as far as most conditions look. */
export const REACH_UNITS = 64;

/** What a match has on either side of a seam. */
export const LETTER = /[\p{L}\p{N}]/u;

/** The last `units` of a text; a word that would be cut in two is left out. */
export function tailOf(text: string, units = REACH_UNITS): string {
  if (text.length <= units) return text;
  const tail = text.slice(text.length - units);
  return tail.slice(Math.max(0, tail.search(/\s/)));
}
