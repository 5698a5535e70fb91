/** Two lines of a text, and what goes between them. */
export interface Replacement {
  readonly begin: string;
  readonly end: string;
  readonly content: string;
}

/**
 * A text with `content` in place of what stood between two lines of it.
 * @throws {Error} when a line is missing, or they stand the wrong way round
 */
export function replaceBetween(text: string, { begin, end, content }: Replacement): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the text needs the lines ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
