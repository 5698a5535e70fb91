import { EscapedTexts } from './escaped-texts.js';
import { isJsonObject } from './json.js';
import { fillField, parseFieldPath } from './plain-fields.js';
import { ReleasedTexts } from './released-texts.js';
import type { ChannelDelta } from './stream-format.js';
import type { TextSlot } from './text-slots.js';

/** A text of an event that its format does not know, and the channel that it is read as a piece of. */
export interface OddText {
  readonly channel: string;
  readonly slot: Pick<TextSlot, 'path' | 'text' | 'write'>;
}

/**
 * The texts of a stream that its format does not know, by the place where they stand. Whether one goes on in the next event
 * nobody can tell, so each place is read on from event to event: some clients join all that they do not know, and a term
 * must not hide in pieces there.
 */
export class OddRuns {
  readonly #escaped = new EscapedTexts();
  readonly #released = new ReleasedTexts();
  /** Where the text of a channel stands, for texts of our own. */
  readonly #places = new Map<string, string>();
  #current: readonly OddText[] = [];
  #texts: ReadonlyMap<string, string> = new Map();

  /** Whether any text did not leave as it came, or has not left yet. */
  get differs(): boolean {
    return this.#released.differs;
  }

  /** Takes the texts of the next event; returns what they say. */
  read(texts: readonly OddText[]): readonly ChannelDelta[] {
    const read = new Map<string, string>();
    for (const { channel, slot } of texts) {
      read.set(channel, (read.get(channel) ?? '') + this.#escaped.read(channel, slot.text));
      this.#places.set(channel, slot.path);
    }
    this.#current = texts;
    this.#texts = read;
    return [...read].map(([channel, text]) => ({ channel, text }));
  }

  /** Replaces the texts of the current event by what may leave; returns what leaves of each channel, as it stands on the wire, and whether anything changed. */
  write(texts: ReadonlyMap<string, string>): {
    readonly lefts: ReadonlyMap<string, string>;
    readonly changed: boolean;
  } {
    const lefts = new Map<string, string>();
    for (const [channel, text] of this.#texts) {
      // Of an answer that was stopped before nothing was asked.
      const left = texts.get(channel) ?? '';
      this.#released.pass(channel, text, left);
      lefts.set(channel, this.#escaped.write(channel, left));
    }
    const sources = new Map(lefts);
    let changed = false;
    for (const { channel, slot } of this.#current) {
      // Several texts of one channel were read as one: the first takes all of it.
      const source = sources.get(channel) ?? '';
      sources.set(channel, '');
      if (source === slot.text) continue;
      slot.write(source);
      changed = true;
    }
    return { lefts, changed };
  }

  /** Returns a value that holds only this text, where the texts of the channel stand; `undefined` for a channel of another kind. */
  frame(channel: string, text: string): unknown {
    const place = this.#places.get(channel);
    if (place === undefined) return undefined;
    this.#released.pass(channel, '', text);
    return fillField(parseFieldPath(place), this.#escaped.write(channel, text));
  }
}

/** Whether a text stands right where its path leads to; texts within JSON, and names, are numbered in paths instead. Never throws. */
export function standsAtPath(value: unknown, { path, text }: Pick<TextSlot, 'path' | 'text'>): boolean {
  let at: unknown = value;
  for (const step of parseFieldPath(path) ?? []) {
    if ('key' in step) at = isJsonObject(at) && Object.hasOwn(at, step.key) ? at[step.key] : undefined;
    else at = 'item' in step && Array.isArray(at) ? at[step.item] : undefined;
  }
  return at === text;
}
