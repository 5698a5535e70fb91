import { NDJSON, SSE, type StreamEvent } from '../framing/index.js';
import type { Adapter, BlockInfo, ErrorInfo } from './adapter.js';
import { anthropicMessages } from './anthropic-messages.js';
import { memberOf } from './anthropic-messages-event.js';
import { blockedError, errorBody, refusedMessage } from './anthropic-messages-frames.js';
import { readMessagesSlots } from './anthropic-messages-texts.js';
import { asEventObject, eventJson, parseEventData } from './event-data.js';
import { type JsonObject, pickNames } from './json.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';
import type { TextSlot } from './text-slots.js';

const RESULT = /^results\[\d+\]/;
const TEXT_BLOCK = /^(results\[\d+\]\.result\.message\.)(content\[\d+\]\.text)$/;

/**
 * The results of a batch of Anthropic Messages: one line of JSON per message. Each message is an answer of its own: where one is
 * blocked, its result says so, as a refusal or as an error, and the others pass.
 */
export const anthropicBatchResults: Adapter = {
  ...anthropicMessages,
  name: 'anthropic-batch-results',
  framings: [NDJSON, SSE],
  recognizes: () => false,
  // What is no list of lines is an error, or of a shape that nobody knows.
  readTexts: () => [],
  answerOf: (path) => RESULT.exec(path)?.[0] ?? 'results',
  textBefore(path, isSaid) {
    const [, message = '', text = ''] = TEXT_BLOCK.exec(path) ?? [];
    const earlier = anthropicMessages.textBefore?.(text, isSaid);
    return earlier === undefined ? undefined : message + earlier;
  },
  openStream: () => new BatchResultsStream(),
  filteredParts: () => [],
};

class BatchResultsStream implements StreamFormat {
  readonly goesOnAfterErrors = true;
  #event: StreamEvent = { data: '' };
  #value: JsonObject = {};
  /** Whether the data of the current line is no object, and stands in `#value` under a key of ours. */
  #bare = false;
  #slots: readonly TextSlot[] = [];
  #count = 0;

  read(event: StreamEvent): StreamStep {
    const data = parseEventData(event);
    this.#event = event;
    this.#value = asEventObject(data);
    this.#bare = this.#value !== data;
    this.#slots = readMessagesSlots(this.#value);
    const answer = `results[${this.#count}]`;
    this.#count += 1;
    return {
      deltas: [],
      fields: this.#slots.map(({ path, text }) => ({ path: `${answer}.${path}`, text, answer })),
      ends: [answer],
      answers: [answer],
      last: false,
      filtered: [],
      value: this.#value,
      placeOf: (path) => `${answer}.${path}`,
    };
  }

  write({ fields, without }: StreamChange): StreamEvent | undefined {
    const answer = `results[${this.#count - 1}]`;
    if (without.has(answer)) return undefined;
    if (fields.size === 0) return this.#event;
    for (const { path, write } of this.#slots) {
      const text = fields.get(`${answer}.${path}`);
      if (text !== undefined) write(text);
    }
    return { ...this.#event, data: eventJson(this.#value, this.#bare) };
  }

  frameText(): readonly StreamEvent[] {
    return [];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    const result =
      info.blockAs === 'error'
        ? { type: 'errored', error: blockedError(info) }
        : { type: 'succeeded', message: refusedMessage(memberOf(memberOf(this.#value, 'result'), 'message'), info) };
    return [{ data: JSON.stringify({ ...pickNames(this.#value, ['custom_id']), result }) }];
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
