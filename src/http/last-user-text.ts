import type { TextField } from '../core/index.js';

/** What a path begins with: `messages[2]` of `messages[2].content[0].text`. */
const ROOT = /^[^.[]*(?:\[\d+\])?/;
const LETTER = /\p{L}/u;

/** Returns what the user wrote last, or the last text of all where no speaker is named; empty without any. Never throws. */
export function lastUserText(fields: readonly TextField[]): string {
  const written = fields.filter(({ text }) => LETTER.test(text));
  const byUser = written.filter(({ role }) => role?.toLowerCase() === 'user');
  const last = (byUser.length > 0 ? byUser : written.filter(({ role }) => role === undefined)).at(-1);
  if (last === undefined) return '';
  const root = ROOT.exec(last.path)?.[0];
  const together = byUser.filter(({ path }) => ROOT.exec(path)?.[0] === root);
  return together.length === 0 ? last.text : together.map(({ text }) => text).join('\n');
}
