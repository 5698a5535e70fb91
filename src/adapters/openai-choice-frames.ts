import type { StreamEvent } from '../framing/index.js';
import type { AskedReply, BlockInfo } from './adapter.js';
import { asArray, isJsonObject, type JsonObject, pickNames } from './json.js';
import type { ChoiceDialect } from './openai-dialect.js';

/** What the format calls content that was withheld. */
export const FILTERED = 'content_filter';
/** Data of the event behind which nothing follows. */
export const DONE = '[DONE]';
/** Top-level keys of a chunk or answer that identify it and carry no generated text. */
export const ENVELOPE_KEYS = ['id', 'object', 'created', 'model', 'system_fingerprint', 'service_tier', 'provider'];
/** Usage of an answer that no model has worked on. */
export const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

const CHANNEL = /^choices\[(\d+)\]\.(\w+)(?:\[(\d+)\])?/;

/** Returns the name of an answer, by what it says of itself or else by its position. */
export function answerAt(choice: JsonObject, position: number): string {
  return `choices[${choiceIndex(choice, position)}]`;
}

/** Returns the index of a choice, by what it says of itself or else by its position. */
export function choiceIndex(choice: JsonObject, position: number): number {
  const index = choice['index'];
  return Number.isSafeInteger(index) && Number(index) >= 0 ? Number(index) : position;
}

/** Shapes the chunks that we send ourselves. */
export class ChoiceFrames {
  readonly #dialect: ChoiceDialect;

  constructor(dialect: ChoiceDialect) {
    this.#dialect = dialect;
  }

  /** Returns a chunk with these choices, identified as `template` is. */
  chunk(template: unknown, choices: readonly JsonObject[], extra: JsonObject = {}): StreamEvent {
    const { idPrefix, objects } = this.#dialect;
    const envelope = isJsonObject(template) ? pickNames(template, ENVELOPE_KEYS) : {};
    const base = { id: `${idPrefix}-sluice`, object: objects.chunk, created: 0, model: 'unknown' };
    // No event name: clients of this format treat named events differently.
    return { data: JSON.stringify({ ...base, ...envelope, choices, ...extra }) };
  }

  /** Returns a chunk that carries only `text` on a channel, as it stands on the wire, with what else `template` says of the role or call. */
  text(channel: string, text: string, template: unknown): StreamEvent {
    const match = CHANNEL.exec(channel);
    const index = Number(match?.[1] ?? 0);
    const part = { key: match?.[2] ?? this.#dialect.noticeKey, index: Number(match?.[3] ?? 0), text };
    const said = this.#dialect.sayPart(part, choiceOf(template, index));
    return this.chunk(template, [{ index, ...said, logprobs: null, finish_reason: null }]);
  }

  /** Returns a chunk that carries only these members of a choice, or of the chunk itself. */
  odd(index: number | undefined, members: JsonObject, template: unknown): StreamEvent {
    if (index === undefined) return this.chunk(template, [], members);
    return this.chunk(template, [{ index, ...this.#dialect.sayNothing({}), ...members, finish_reason: null }]);
  }

  /** Returns the chunk that ends a blocked answer. */
  filtered(answer: string, info: BlockInfo, template: unknown): StreamEvent {
    const index = Number(/\d+/.exec(answer)?.[0] ?? 0);
    const said = this.#dialect.sayNothing(choiceOf(template, index));
    const moderation = { ...moderationOf(info), notice: info.notice };
    const dated = { created: secondsOf(info), ...(isJsonObject(template) ? template : {}) };
    return this.chunk(dated, [{ index, ...said, logprobs: null, finish_reason: FILTERED }], { moderation });
  }

  /** Returns the events of a whole stream that refuses a request. */
  refusal(info: BlockInfo, asked: AskedReply): StreamEvent[] {
    const { idPrefix, noticeKey } = this.#dialect;
    const template = { id: `${idPrefix}-${info.hitId}`, created: secondsOf(info), model: asked.model ?? 'unknown' };
    const indexes = [...Array(asked.answers).keys()];
    const part = { key: noticeKey, index: 0, text: info.notice };
    const opening = indexes.map((index) => ({
      index,
      ...this.#dialect.sayPart(part, { delta: { role: 'assistant' } }),
      logprobs: null,
      finish_reason: null,
    }));
    return [
      this.chunk(template, opening),
      ...indexes.map((index) => this.filtered(`choices[${index}]`, info, template)),
      ...(asked.usage ? [this.chunk(template, [], { usage: NO_USAGE })] : []),
      { data: DONE },
    ];
  }

  /** Returns the error body that tells a block. */
  error(info: BlockInfo): JsonObject {
    const error = {
      message: info.notice,
      type: 'invalid_request_error',
      param: info.direction === 'input' ? this.#dialect.inputKey : null,
      code: FILTERED,
      moderation: moderationOf(info),
    };
    return { error };
  }
}

/** Returns the time of a block in seconds since 1970. */
export function secondsOf({ timeMs }: BlockInfo): number {
  return Math.floor(timeMs / 1000);
}

/** Returns the extension key that clients of the format find the block by. */
export function moderationOf(info: BlockInfo): JsonObject {
  return { blocked: true, category: info.category ?? null, hit_id: info.hitId };
}

/** The choice of a chunk with this index; empty without one. */
function choiceOf(chunk: unknown, index: number): JsonObject {
  const choice = asArray(isJsonObject(chunk) ? chunk['choices'] : undefined).find(
    (each, position) => isJsonObject(each) && choiceIndex(each, position) === index,
  );
  return isJsonObject(choice) ? choice : {};
}
