import type { StreamEvent } from '../framing/index.js';
import type { ChannelDelta } from './stream-format.js';

/** What in a string of JSON is more than itself, or may not stand there at all. */
const NOT_VERBATIM = /["\\\u0000-\u001f]/;

/**
 * What an event says besides one of its texts. Most events of a stream differ from the one before in that text alone, so they
 * need not be parsed: with the same JSON around it, a string that stands for itself makes the same value but for the text.
 */
export class EventTemplate {
  readonly channel: string;
  readonly #name: string | undefined;
  readonly #before: string;
  readonly #behind: string;

  private constructor({ channel, text }: ChannelDelta, { event, data }: StreamEvent, at: number) {
    this.channel = channel;
    this.#name = event;
    this.#before = data.slice(0, at);
    this.#behind = data.slice(at + text.length);
  }

  /** Returns the template of an event around the text that it carries; `undefined` when nobody can tell where in the JSON that stands. */
  static of(delta: ChannelDelta, event: StreamEvent): EventTemplate | undefined {
    const { data } = event;
    const literal = `"${delta.text}"`;
    const at = data.indexOf(literal);
    // Without escapes each string stands in the data as it is: what is there once is the text and no other.
    const isSure = at >= 0 && data.indexOf(literal, at + 1) === -1 && !data.includes('\\');
    return isSure && delta.text !== '' ? new EventTemplate(delta, event, at + 1) : undefined;
  }

  /** Returns the text that an event carries in the same place; `undefined` when it differs in more. O(event). Never throws. */
  textOf({ event, data }: StreamEvent): string | undefined {
    const end = data.length - this.#behind.length;
    if (end <= this.#before.length || event !== this.#name) return undefined;
    if (!data.startsWith(this.#before) || !data.endsWith(this.#behind)) return undefined;
    const text = data.slice(this.#before.length, end);
    return NOT_VERBATIM.test(text) ? undefined : text;
  }

  /** Returns an event that `textOf` knows, with another text in that place. */
  write(event: StreamEvent, text: string): StreamEvent {
    return { ...event, data: this.#before + JSON.stringify(text).slice(1, -1) + this.#behind };
  }
}
