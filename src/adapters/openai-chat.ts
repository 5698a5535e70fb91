import type { Direction, TextEdit, TextField } from '../core/index.js';
import { SSE } from '../framing/index.js';
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
import { asArray, foldKey, isJsonObject, type JsonObject, pick } from './json.js';
import {
  blockedError,
  choiceIndex,
  ENVELOPE_KEYS,
  FILTERED,
  moderationOf,
  NO_USAGE,
  refusalEvents,
} from './openai-chat-frames.js';
import { readAllSlots, readAnswerSlots, readRequestSlots } from './openai-chat-slots.js';
import { dropLogprobs, OpenaiChatStream, readFilteredParts } from './openai-chat-stream.js';
import { isTrueWord } from './true-word.js';

const ANSWER = /^choices\[\d+\]/;
/** Largest `n` that is believed; a backend refuses more. */
const MAX_ANSWERS = 128;

/** OpenAI chat completions, as OpenAI, Azure, DeepSeek, vLLM and most compatible backends speak it. */
export const openaiChat: Adapter = {
  name: 'openai-chat',
  framings: [SSE],

  /** One message is enough: a backend may skip what stands beside it. */
  recognizes({ body }: ShapedRequest): boolean {
    return valuesOf(body, 'messages').some((messages) =>
      asArray(messages).some((message) => valuesOf(message, 'role').some((role) => typeof role === 'string')),
    );
  },

  readTexts(body: unknown, direction: Direction): readonly TextField[] {
    return slotsOf(body, direction).map(({ path, role, text }) => ({
      path,
      ...(role === undefined ? {} : { role }),
      text,
    }));
  },

  writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
    const copy = structuredClone(body);
    if (edits.length === 0) return copy;
    const texts = new Map(edits.map((edit) => [edit.path, edit.text]));
    for (const slot of readAllSlots(copy)) {
      const text = texts.get(slot.path);
      if (text === undefined) continue;
      slot.write(text);
      dropLogprobs(copy, slot.choice);
    }
    return copy;
  },

  readAsked(body: unknown): AskedReply {
    const request: JsonObject = isJsonObject(body) ? body : {};
    const { n, stream, model } = request;
    const options = request['stream_options'];
    return {
      stream: isTrueWord(stream),
      answers: typeof n === 'number' && n >= 1 ? Math.min(Math.floor(n), MAX_ANSWERS) : 1,
      usage: isJsonObject(options) && options['include_usage'] === true,
      ...(typeof model === 'string' ? { model } : {}),
    };
  },

  answerOf(channel: string): string {
    return ANSWER.exec(channel)?.[0] ?? 'choices[0]';
  },

  openStream(asked: AskedReply): OpenaiChatStream {
    return new OpenaiChatStream(asked, openaiChat.errorBody);
  },

  blockedReply(info: BlockInfo, asked: AskedReply): OwnReply {
    const headers = { 'x-should-retry': 'false' };
    if (info.blockAs === 'error') return { status: 400, headers, content: { body: blockedError(info) } };
    if (asked.stream) return { status: 200, headers, content: { framing: SSE, events: refusalEvents(info, asked) } };
    const empty = {
      id: `chatcmpl-${info.hitId}`,
      created: 0,
      model: asked.model ?? 'unknown',
      choices: [...Array(asked.answers).keys()].map((index) => ({ index })),
      usage: NO_USAGE,
    };
    return { status: 200, headers, content: { body: openaiChat.blockedOutput(empty, info) } };
  },

  blockedOutput(body: unknown, info: BlockInfo, answers?: ReadonlySet<string>): unknown {
    const source: JsonObject = isJsonObject(body) ? body : {};
    const choices = asArray(source['choices']);
    const found = choices.length === 0 ? [{ index: 0 }] : choices;
    return {
      object: 'chat.completion',
      ...pick(source, ENVELOPE_KEYS),
      choices: found.map((choice, position) =>
        answers !== undefined && isJsonObject(choice) && !answers.has(`choices[${position}]`)
          ? choice
          : {
              index: isJsonObject(choice) ? choiceIndex(choice, position) : position,
              message: { role: 'assistant', content: info.notice, refusal: null },
              logprobs: null,
              finish_reason: FILTERED,
            },
      ),
      ...pick(source, ['usage']),
      moderation: moderationOf(info),
    };
  },

  annotateBody(body: unknown, note: AnswerNote): unknown {
    return isJsonObject(body) ? { ...body, ...noteKeys(note) } : body;
  },

  filteredParts(body: unknown): readonly FilteredPart[] {
    return readFilteredParts(body);
  },

  errorBody(info: ErrorInfo): unknown {
    return { error: { message: info.message, type: info.type, param: null, code: info.code } };
  },
};

function slotsOf(body: unknown, direction: Direction) {
  return direction === 'input' ? readRequestSlots(body) : readAnswerSlots(body);
}

function valuesOf(value: unknown, name: string): readonly unknown[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => (foldKey(key) === name ? [each] : []));
}
