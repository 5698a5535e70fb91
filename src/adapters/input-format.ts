import type { Direction, FormatName, TextEdit, TextField } from '../core/index.js';
import { NDJSON, SSE } from '../framing/index.js';
import type {
  Adapter,
  AnswerNote,
  AskedReply,
  BlockInfo,
  ErrorInfo,
  FilteredPart,
  OwnReply,
  ShapedRequest,
} from './adapter.js';
import { noteKeys } from './answer-note.js';
import { isJsonObject, type JsonObject } from './json.js';
import { LooseStream } from './loose-stream.js';
import { FILTERED, moderationOf } from './openai-choice-frames.js';
import { readFilteredParts } from './openai-filtered.js';
import { fieldOf, readTextSlots, type TextRules } from './text-slots.js';
import { isTrueWord } from './true-word.js';
import { writeSlots } from './write-slots.js';

/** The one answer that such a reply carries. */
const ANSWER = 'answer';

/** A format that takes text in and gives vectors, images, sound or an order back. */
export interface InputFormatOptions {
  readonly name: FormatName;
  /** Key of the request that holds the text. */
  readonly inputKey: string;
  /** Keys whose value is no text as long as it is one word. */
  readonly words: readonly string[];
  /** Keys below which there is no text. */
  readonly textless: readonly string[];
  /** Whether an error is told as a string, as Ollama does, and not as an object. */
  readonly bareError?: boolean;
  /** Whether the body of a request to a path that names no format is of this one; none is when left out. */
  readonly recognizes?: (request: ShapedRequest) => boolean;
}

/** Returns the adapter of a format whose replies carry no text, or hardly any: every string of both sides is judged. */
export function createInputFormat(options: InputFormatOptions): Adapter {
  const { name, inputKey, bareError = false, recognizes = () => false } = options;
  const rules: TextRules = { words: new Set(options.words), textless: new Set(options.textless) };
  const textsOf = (body: unknown) => (isJsonObject(body) ? readTextSlots(body, { rules }) : []);
  const errorBody = ({ message, type, code }: ErrorInfo): JsonObject =>
    bareError ? { error: message, type, code } : { error: { message, type, param: null, code } };
  const blockedError = (info: BlockInfo): JsonObject => {
    const moderation = moderationOf(info);
    if (bareError) return { error: info.notice, code: FILTERED, moderation };
    const param = info.direction === 'input' ? inputKey : null;
    const type = 'invalid_request_error';
    return { error: { message: info.notice, type, param, code: FILTERED, moderation } };
  };
  return {
    name,
    framings: [SSE, NDJSON],
    recognizes,
    errorBody,

    readTexts: (body: unknown, _direction: Direction): readonly TextField[] => textsOf(body).map(fieldOf),

    writeTexts: (body: unknown, edits: readonly TextEdit[]): unknown => writeSlots(body, edits, { slotsOf: textsOf }),

    readAsked(body: unknown): AskedReply {
      return { stream: isJsonObject(body) && isTrueWord(body['stream']), answers: 1, usage: false };
    },

    answerOf: () => ANSWER,

    openStream: () => new LooseStream({ name, rules, answer: ANSWER, blockedError, errorBody }),

    /** There is no answer of the format that could refuse in words. */
    blockedReply: (info: BlockInfo): OwnReply => ({
      status: 400,
      headers: { 'x-should-retry': 'false' },
      content: { body: blockedError(info) },
    }),

    blockedOutput: (_body: unknown, info: BlockInfo) => blockedError(info),

    annotateBody: (body: unknown, note: AnswerNote) => (isJsonObject(body) ? { ...body, ...noteKeys(note) } : body),

    filteredParts: (body: unknown): readonly FilteredPart[] => readFilteredParts(body),
  };
}
