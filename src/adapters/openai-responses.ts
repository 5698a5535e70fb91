import type { Direction, TextEdit, TextField } from '../core/index.js';
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
import { asArray, isJsonObject } from './json.js';
import { moveCitations } from './move-citations.js';
import {
  blockedError,
  envelopeOf,
  errorBody,
  filteredResponse,
  refusalEvents,
  refusalItem,
  refusedResponse,
} from './openai-responses-frames.js';
import { ANSWER, ResponsesStream, readFilteredParts, responsesNote } from './openai-responses-stream.js';
import { dropLogprobs, isEcho, readResponsesSlots } from './openai-responses-texts.js';
import { fieldOf } from './text-slots.js';
import { isTrueWord } from './true-word.js';
import { writeSlots } from './write-slots.js';

const TEXT_PART = /^output\[(\d+)\]\.content\[(\d+)\]\.text$/;

/** The OpenAI Responses API, as OpenAI, Azure and compatible backends speak it. */
export const openaiResponses: Adapter = {
  name: 'openai-responses',
  framings: [SSE, NDJSON],

  recognizes({ body }: ShapedRequest): boolean {
    if (!isJsonObject(body) || body['messages'] !== undefined) return false;
    const { input } = body;
    // Other formats have a plain `input` too, such as embeddings.
    if (typeof input === 'string')
      return typeof body['instructions'] === 'string' || body['max_output_tokens'] !== undefined;
    return asArray(input).some(
      (item) => isJsonObject(item) && (typeof item['role'] === 'string' || isItem(item['type'])),
    );
  },

  readTexts(body: unknown, direction: Direction): readonly TextField[] {
    return readResponsesSlots(body, direction).map(fieldOf);
  },

  writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
    return writeSlots(body, edits, {
      slotsOf: (copy) => readResponsesSlots(copy, 'input'),
      afterWrite(slot, _body, text) {
        dropLogprobs(slot);
        if (isJsonObject(slot.holder)) moveCitations(slot.holder['annotations'], slot.text, text);
      },
    });
  },

  readAsked(body: unknown): AskedReply {
    const { stream, model } = isJsonObject(body) ? body : {};
    const named = typeof model === 'string' ? { model } : {};
    // The usage stands in the terminal event, whether it was asked for or not.
    const said = new Set(readResponsesSlots(body, 'input').map(({ text }) => text));
    return { stream: isTrueWord(stream), answers: 1, usage: true, said, ...named };
  },

  /** A message may come in several parts, and an answer in several messages. */
  textBefore(path: string, isSaid: (path: string) => boolean): string | undefined {
    const [, item = '', part = ''] = TEXT_PART.exec(path) ?? [];
    if (item === '') return undefined;
    if (Number(part) > 0) return textPart(Number(item), Number(part) - 1);
    if (item === '0') return undefined;
    let last = -1;
    while (isSaid(textPart(Number(item) - 1, last + 1))) last += 1;
    return last < 0 ? undefined : textPart(Number(item) - 1, last);
  },

  answerOf(): string {
    return ANSWER;
  },

  repeatsRequest: isEcho,

  openStream(asked: AskedReply): ResponsesStream {
    return new ResponsesStream(asked);
  },

  blockedReply(info: BlockInfo, asked: AskedReply): OwnReply {
    const headers = { 'x-should-retry': 'false' };
    if (info.blockAs === 'error') return { status: 400, headers, content: { body: blockedError(info) } };
    if (asked.stream) return { status: 200, headers, content: { framing: SSE, events: refusalEvents(info, asked) } };
    return { status: 200, headers, content: { body: refusedResponse(info, asked) } };
  },

  blockedOutput(body: unknown, info: BlockInfo): unknown {
    return filteredResponse(envelopeOf(body, info), [refusalItem(info)], info);
  },

  annotateBody(body: unknown, note: AnswerNote): unknown {
    return isJsonObject(body) ? { ...body, ...responsesNote(note) } : body;
  },

  filteredParts(body: unknown): readonly FilteredPart[] {
    return readFilteredParts(body);
  },

  errorBody(info: ErrorInfo): unknown {
    return errorBody(info);
  },
};

function textPart(item: number, part: number): string {
  return `output[${item}].content[${part}].text`;
}

function isItem(type: unknown): boolean {
  return type === 'message' || (typeof type === 'string' && type.endsWith('_call_output'));
}
