import { listUnread, partsOf, readTextSlots, type TextRules, type TextSlot } from '../adapters/index.js';
import type { TextField, UnscreenedPart, Verdict } from '../core/index.js';
import { type Exchange, strongerVerdict } from './exchange.js';
import { passingText } from './judge-output-text.js';

/** A value of unknown shape after screening. */
export interface ScreenedValue {
  /** What may pass. */
  readonly value: unknown;
  /** The strongest verdict of its strings, if it has any. */
  readonly verdict: Verdict | undefined;
}

/** What a format says of its keys of which nothing is known: every string is text. */
const NO_RULES: TextRules = { words: new Set(), textless: new Set() };

/** A copy of a value of unknown shape, and the texts in it. */
export interface LooseTexts {
  readonly copy: { readonly value: unknown };
  readonly slots: readonly TextSlot[];
  readonly fields: readonly TextField[];
  readonly unscreened: readonly UnscreenedPart[];
}

/** Returns the strings of a value of unknown shape: all are texts but what its key says to be an image and the like. */
export function looseTexts(value: unknown): LooseTexts {
  const unread = listUnread(value, () => false).filter(({ kind }) => kind !== 'tokens');
  const unscreened = partsOf(unread);
  const skipped = new Set(unscreened.map(({ field }) => field));
  const copy = { value: structuredClone(value) };
  const placed = readTextSlots(copy, { rules: NO_RULES }).map((slot) => ({
    ...slot,
    path: slot.path.replace(/^value\.?/, ''),
  }));
  const slots = placed.filter(({ path }) => !skipped.has(path));
  return { copy, slots, fields: slots.map(({ path, text }) => ({ path, text })), unscreened };
}

/** Returns what becomes of a value whose strings were judged; the verdicts are in the order of the texts. */
export function applyLoosely(
  { copy, slots }: LooseTexts,
  verdicts: readonly Verdict[],
  exchange: Exchange,
): ScreenedValue {
  for (const [index, { text, write }] of slots.entries()) {
    const verdict = verdicts[index];
    const left = verdict === undefined ? text : passingText(text, verdict, exchange);
    if (left !== text) write(left);
  }
  return { value: copy.value, verdict: verdicts.reduce<Verdict | undefined>(strongerVerdict, undefined) };
}
