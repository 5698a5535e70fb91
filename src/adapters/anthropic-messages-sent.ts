import type { StreamEvent } from '../framing/index.js';
import { messagesEvent, textEvent } from './anthropic-messages-frames.js';
import { asArray, isJsonObject, type JsonObject } from './json.js';

/** What a client has of a streamed message. */
export class SentMessage {
  #started = false;
  #nextIndex = 0;
  /** The blocks that are open, by index, and how much input of a tool call each has; `undefined` for other blocks. */
  readonly #open = new Map<number, number | undefined>();

  /** Whether the client knows of the message. */
  get started(): boolean {
    return this.#started;
  }

  /** The index of a block behind all that the client knows. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  /** Whether a tool call is open. */
  get hasOpenCall(): boolean {
    return [...this.#open.values()].some((chars) => chars !== undefined);
  }

  /** Whether the client knows of a block with this index. */
  knows(index: number): boolean {
    return index < this.#nextIndex;
  }

  /** Notes an event that leaves. */
  note(value: JsonObject): void {
    const { type, index, message, content_block: block, delta } = value;
    if (type === 'message_start') {
      this.#started = true;
      this.#nextIndex = isJsonObject(message) ? asArray(message['content']).length : 0;
    }
    if (typeof index !== 'number') return;
    if (type === 'content_block_start') {
      this.#nextIndex = Math.max(this.#nextIndex, index + 1);
      const isCall = isJsonObject(block) && String(block['type']).endsWith('tool_use');
      this.#open.set(index, isCall ? 0 : undefined);
    } else if (type === 'content_block_stop') this.#open.delete(index);
    else if (isJsonObject(delta) && typeof delta['partial_json'] === 'string') {
      const chars = this.#open.get(index);
      if (chars !== undefined) this.#open.set(index, chars + delta['partial_json'].length);
    }
  }

  /** Returns the events that close the blocks that are open, half tool calls so that their input cannot be read. */
  close(): StreamEvent[] {
    return [...this.#open].flatMap(([index, chars]) => [
      // No input at all would pass for the input of a tool that needs none.
      ...(chars === 0 ? [textEvent(index, 'input', '{')] : []),
      messagesEvent('content_block_stop', { index }),
    ]);
  }
}
