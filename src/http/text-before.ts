import { type Adapter, mayContinue } from '../adapters/index.js';
import type { TextField } from '../core/index.js';
import type { Exchange } from './exchange.js';

/** How far back a match may begin, UTF-16 units: what is shorter is read together with what stands before it. */
const REACH_UNITS = 64;

/** A text that another one goes on from. */
export interface TextBefore {
  /** Where it stands: a path or channel, or several of them with ` + ` between. */
  readonly path: string;
  /** Its end, or all of it. */
  readonly text: string;
  /** Its length, UTF-16 units. */
  readonly length: number;
}

/** What is known of the texts before. */
export interface TextBeforeOptions {
  readonly exchange: Exchange;
  readonly adapter?: Adapter | undefined;
  /** Returns what the answer said on a path or channel; `undefined` when it has said nothing there. */
  readonly said: (path: string) => Pick<TextBefore, 'text' | 'length'> | undefined;
}

/**
 * Returns the text that a channel or a text of the answer goes on from: a part of the answer itself, or else a text of the
 * request; `undefined` when it begins anew.
 */
export function textBefore(path: string, options: TextBeforeOptions): TextBefore | undefined {
  const { exchange, adapter, said } = options;
  const earlier = adapter?.textBefore?.(path, (other) => said(other) !== undefined);
  const found = earlier === undefined ? undefined : said(earlier);
  if (earlier !== undefined && found !== undefined) {
    const before = found.length < REACH_UNITS ? textBefore(earlier, options) : undefined;
    if (before === undefined) return { path: earlier, ...found };
    const length = before.length + found.length;
    return { path: `${before.path} + ${earlier}`, text: before.text + found.text, length };
  }
  const { prefill } = exchange;
  return prefill !== undefined && mayContinue(path) ? { ...prefill, length: prefill.text.length } : undefined;
}

/** Returns what each text of a whole answer goes on from, in their order. */
export function textsBefore(
  fields: readonly TextField[],
  { exchange, adapter }: Pick<TextBeforeOptions, 'exchange' | 'adapter'>,
): (TextBefore | undefined)[] {
  const texts = new Map(fields.map(({ path, text }) => [path, { text, length: text.length }]));
  const said = (path: string) => texts.get(path);
  return fields.map(({ path }) => textBefore(path, { exchange, adapter, said }));
}

/** Returns a text before as the option of the moderator. */
export function asLeadIn(before: TextBefore | undefined): { readonly before?: string } {
  return before === undefined ? {} : { before: before.text };
}
