import { NDJSON, SSE, type StreamEvent } from '../framing/index.js';
import type { Adapter, ErrorInfo } from './adapter.js';
import { anthropicMessages } from './anthropic-messages.js';
import { errorBody } from './anthropic-messages-frames.js';
import { readMessagesSlots } from './anthropic-messages-texts.js';
import { asEventObject, eventJson, parseEventData } from './event-data.js';
import type { JsonObject } from './json.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';
import type { TextSlot } from './text-slots.js';

/**
 * The results of a batch of Anthropic Messages: one line of JSON per message. Each text is judged by itself, and a blocked
 * one gives way to a notice; the other messages of the batch pass.
 */
export const anthropicBatchResults: Adapter = {
  ...anthropicMessages,
  name: 'anthropic-batch-results',
  framings: [NDJSON, SSE],
  recognizes: () => false,
  // What is no list of lines is an error, or of a shape that nobody knows.
  readTexts: () => [],
  openStream: () => new BatchResultsStream(),
  filteredParts: () => [],
};

class BatchResultsStream implements StreamFormat {
  #event: StreamEvent = { data: '' };
  #value: JsonObject = {};
  /** Whether the current line is no object, and stands in `#value` under a key of ours. */
  #bare = false;
  #slots: readonly TextSlot[] = [];

  read(event: StreamEvent): StreamStep {
    this.#event = event;
    const data = parseEventData(event);
    this.#value = asEventObject(data);
    this.#bare = this.#value !== data;
    this.#slots = readMessagesSlots(this.#value);
    const fields = this.#slots.map(({ path, text }) => ({ path, text }));
    return { deltas: [], fields, ends: [], answers: [], last: false, filtered: [], value: this.#value };
  }

  write({ fields }: StreamChange): StreamEvent {
    if (fields.size === 0) return this.#event;
    for (const { path, write } of this.#slots) {
      const text = fields.get(path);
      if (text !== undefined) write(text);
    }
    return { ...this.#event, data: eventJson(this.#value, this.#bare) };
  }

  frameText(): readonly StreamEvent[] {
    return [];
  }

  frameBlocked(): readonly StreamEvent[] {
    return [];
  }

  frameEnd(): readonly StreamEvent[] {
    return [];
  }

  frameError(info: ErrorInfo): readonly StreamEvent[] {
    return [{ data: JSON.stringify(errorBody(info)) }];
  }

  annotate(event: StreamEvent): StreamEvent {
    return event;
  }

  leave(event: StreamEvent): StreamEvent {
    return event;
  }
}
