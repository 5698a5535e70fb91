import { AppealError, CATEGORIES } from '../core/index.js';
import type { InlineList } from '../lexicon/index.js';
import { readAllowList } from '../load-allow-list.js';
import { appendText } from '../save-text.js';

/** Allow-phrases that are to be added to a list. */
export interface AllowPhrases {
  /** The list file. */
  readonly file: string;
  /** Those that are not in it yet. */
  readonly fresh: readonly string[];
}

const MAX_CHARS = 200;
/** They mean something in a list: an allow-phrase from a review is what it says. */
const SYNTAX = /[{}<>|*\p{Cc}]/u;
const HEADER = '# Allow-phrases of overturned appeals. A match inside of one does not count.\n';

/**
 * Returns the phrases as they would stand in the list.
 * @throws {AppealError} when one cannot be an allow-phrase, or there is no list to add it to.
 */
export function planAllowPhrases(phrases: readonly string[], file: string | undefined): AllowPhrases | undefined {
  if (phrases.length === 0) return undefined;
  if (file === undefined) {
    throw new AppealError(400, 'There is no list for allow-phrases: name a file in `appeals.allowList` of the config');
  }
  const lines = new Set(readAllowList(file)?.map((line) => line.trim()));
  const wanted = phrases.map((phrase) => phrase.replace(/\s+/gu, ' ').trim());
  for (const phrase of wanted) {
    if (phrase !== '' && phrase.length <= MAX_CHARS && !SYNTAX.test(phrase)) continue;
    const message = `An allow-phrase has 1 to ${MAX_CHARS} characters, and none of { } < > | *: ${JSON.stringify(phrase)}`;
    throw new AppealError(400, message);
  }
  return { file, fresh: [...new Set(wanted)].filter((phrase) => !lines.has(`!${phrase}`)) };
}

/** Returns the phrases as a list of their own; undefined when all are in the list already. */
export function asList({ fresh }: AllowPhrases): InlineList | undefined {
  // Allow-phrases hold for every category, whichever the list is of.
  return fresh.length === 0 ? undefined : { inline: linesOf(fresh), category: CATEGORIES[0] };
}

/**
 * Adds the phrases to the list; a running proxy on the same file takes them up by itself.
 * @param note says what they come from
 * @throws {TypeError} when the file cannot be written.
 */
export async function saveAllowPhrases({ file, fresh }: AllowPhrases, note: string): Promise<void> {
  if (fresh.length === 0) return;
  const lines = readAllowList(file);
  // An editor may have left the last line open.
  const before = lines === undefined ? HEADER : lines.at(-1) === '' ? '' : '\n';
  await appendText(file, `${before}# ${note.replace(/\p{Cc}/gu, ' ')}\n${linesOf(fresh)}`);
}

function linesOf(phrases: readonly string[]): string {
  return phrases.map((phrase) => `!${phrase}\n`).join('');
}
