import type { FormatName } from '../core/index.js';
import type { ShapedRequest } from './adapter.js';
import type { JsonObject } from './json.js';
import type { TextSlot } from './openai-chat-slots.js';

/** What the formats of OpenAI that answer in `choices` say differently: chat, and the legacy completions. */
export interface ChoiceDialect {
  readonly name: FormatName;
  /** Key of the request that holds what the user says. */
  readonly inputKey: 'messages' | 'prompt';
  /** `object` of a whole answer, and of a chunk of a stream. */
  readonly objects: { readonly answer: string; readonly chunk: string };
  /** How the ids of answers begin. */
  readonly idPrefix: string;
  /** Last part of the channel that a notice is read in. */
  readonly noticeKey: string;
  /** Whether a request to a path that names no format is of this one. Never throws. */
  recognizes(request: ShapedRequest): boolean;
  readRequestSlots(body: unknown): TextSlot[];
  /** Returns every text of a whole answer; none for a body that is no answer. */
  readAnswerSlots(body: unknown): TextSlot[];
  /** Returns every text of a request or answer, for writing: each path once. */
  readAllSlots(body: unknown): TextSlot[];
  /** Returns the streamed texts of a chunk. */
  readChunkSlots(chunk: unknown): TextSlot[];
  /** Returns how many prompts a request brings, each of which gets its own answers. */
  countPrompts(request: JsonObject): number;
  /** Returns what a choice of a whole answer says instead of its text. */
  sayWhole(notice: string): JsonObject;
  /** Returns what a choice of a chunk says: this text, on the channel with this last part. `own` is the choice that it is said in place of. */
  sayPart(part: ChoicePart, own: JsonObject): JsonObject;
  /** Returns what the last chunk of a choice says when it has no text. */
  sayNothing(own: JsonObject): JsonObject;
}

/** A piece of text and the channel it is of: `choices[0].tool_calls[1]` has the key `tool_calls` and the index 1. */
export interface ChoicePart {
  readonly key: string;
  readonly index: number;
  readonly text: string;
}
