import type { FormatName } from '../core/index.js';
import type { ShapedRequest } from './adapter.js';
import type { JsonObject } from './json.js';
import type { TextRules } from './text-slots.js';

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
  readonly rules: TextRules;
  /** Whether a request to a path that names no format is of this one. Never throws. */
  recognizes(request: ShapedRequest): boolean;
  /** Whether a choice of a whole reply says anything in the way of the format. Never throws. */
  isAnswer(choice: JsonObject): boolean;
  /**
   * Returns the run of text that a string of a chunk is a piece of; `undefined` for one that is none. Never throws.
   * @param path where the string stands in the choice, such as `delta.content`
   */
  runOf(path: string, choice: JsonObject): ChoiceRun | undefined;
  /** Whether a string of a chunk that is no piece of a run comes whole in it; any other may go on in the next chunk. Never throws. */
  standsAlone(path: string): boolean;
  /** Returns how many prompts a request brings, each of which gets its own answers. */
  countPrompts(request: JsonObject): number;
  /** Returns what a choice of a whole answer says instead of its text. */
  sayWhole(notice: string): JsonObject;
  /** Returns what a choice of a chunk says: this text, as a piece of a run. `own` is the choice that it is said in place of. */
  sayPart(part: ChoicePart, own: JsonObject): JsonObject;
  /** Returns what the last chunk of a choice says when it has no text. */
  sayNothing(own: JsonObject): JsonObject;
}

/** A run of text of a choice, which goes on from chunk to chunk. */
export interface ChoiceRun {
  /** Last part of its channel: `content`, or `tool_calls[1]`. */
  readonly name: string;
  /** Whether it is JSON source, whose keys and strings are channels of their own. */
  readonly isJson?: boolean;
}

/** A piece of text, as it stands on the wire, and the run it is of: `tool_calls[1]` has the key `tool_calls` and the index 1. */
export interface ChoicePart {
  readonly key: string;
  readonly index: number;
  readonly text: string;
}
