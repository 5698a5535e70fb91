/** Returns a number of things in words: `1 hit`, `2 hits`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
