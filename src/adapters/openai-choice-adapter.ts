import type { Direction, TextEdit, TextField } from '../core/index.js';
import { NDJSON, SSE } from '../framing/index.js';
import type { Adapter, AnswerNote, AskedReply, BlockInfo, ErrorInfo, OwnReply } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { asArray, isJsonObject, type JsonObject, pick, pickNames } from './json.js';
import { moveCitations } from './move-citations.js';
import {
  ChoiceFrames,
  choiceIndex,
  ENVELOPE_KEYS,
  FILTERED,
  moderationOf,
  NO_USAGE,
  secondsOf,
} from './openai-choice-frames.js';
import { ChoiceStream } from './openai-choice-stream.js';
import type { ChoiceDialect } from './openai-dialect.js';
import { readFilteredParts } from './openai-filtered.js';
import { dropTokens } from './openai-tokens.js';
import { fieldOf, readTextSlots } from './text-slots.js';
import { isTrueWord } from './true-word.js';
import { writeSlots } from './write-slots.js';

const ANSWER = /^choices\[(\d+)\]/;
const CONTENT_PART = /^(choices\[\d+\]\.message\.content)\[(\d+)\](\.text)$/;
/** Texts that the annotations beside them count through. */
const CITED = /\.(?:content|text)$/;
/** Largest `n` that is believed, and most answers in all; a backend refuses more. */
const MAX_N = 128;
const MAX_ANSWERS = 8192;

/** Returns the adapter of a format of OpenAI that answers in `choices`. */
export function createChoiceAdapter(dialect: ChoiceDialect): Adapter {
  const frames = new ChoiceFrames(dialect);
  const errorBody = (info: ErrorInfo): JsonObject => ({
    error: { message: info.message, type: info.type, param: null, code: info.code },
  });
  const blockedOutput = (body: unknown, info: BlockInfo, answers?: ReadonlySet<string>): unknown => {
    const source: JsonObject = isJsonObject(body) ? body : {};
    const choices = asArray(source['choices']);
    const found = choices.length === 0 ? [{ index: 0 }] : choices;
    return {
      object: dialect.objects.answer,
      created: secondsOf(info),
      ...pickNames(source, ENVELOPE_KEYS),
      choices: found.map((choice, position) =>
        answers !== undefined && isJsonObject(choice) && !answers.has(`choices[${position}]`)
          ? choice
          : {
              index: isJsonObject(choice) ? choiceIndex(choice, position) : position,
              ...dialect.sayWhole(info.notice),
              logprobs: null,
              finish_reason: FILTERED,
            },
      ),
      ...pick(source, ['usage']),
      moderation: moderationOf(info),
    };
  };
  return {
    name: dialect.name,
    framings: [SSE, NDJSON],
    recognizes: dialect.recognizes,
    errorBody,
    blockedOutput,

    readTexts(body: unknown, direction: Direction): readonly TextField[] {
      if (!isJsonObject(body)) return [];
      const choices = asArray(body['choices']).filter(isJsonObject);
      if (direction === 'output' && !choices.some((choice) => dialect.isAnswer(choice))) return [];
      return readTextSlots(body, { rules: dialect.rules }).map(fieldOf);
    },

    writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
      return writeSlots(body, edits, {
        slotsOf: (copy) => readTextSlots(copy, { rules: dialect.rules }),
        afterWrite({ path, text, holder }, copy, left) {
          if (isJsonObject(holder) && CITED.test(path)) moveCitations(holder['annotations'], text, left);
          const position = ANSWER.exec(path)?.[1];
          dropTokens(copy, position === undefined ? undefined : Number(position));
        },
      });
    },

    readAsked(body: unknown): AskedReply {
      const request: JsonObject = isJsonObject(body) ? body : {};
      const { n, stream, model } = request;
      const options = request['stream_options'];
      const each = typeof n === 'number' && n >= 1 ? Math.min(Math.floor(n), MAX_N) : 1;
      return {
        stream: isTrueWord(stream),
        answers: Math.min(each * dialect.countPrompts(request), MAX_ANSWERS),
        usage: isJsonObject(options) && options['include_usage'] === true,
        ...(typeof model === 'string' ? { model } : {}),
      };
    },

    /** Only in a whole reply: the parts of a streamed one are one run. */
    textBefore(path: string): string | undefined {
      const [, list = '', position = '', rest = ''] = CONTENT_PART.exec(path) ?? [];
      return Number(position) > 0 ? `${list}[${Number(position) - 1}]${rest}` : undefined;
    },

    answerOf(channel: string): string {
      return ANSWER.exec(channel)?.[0] ?? 'choices[0]';
    },

    openStream: (asked: AskedReply) => new ChoiceStream({ dialect, frames, asked, errorBody }),

    blockedReply(info: BlockInfo, asked: AskedReply): OwnReply {
      const headers = { 'x-should-retry': 'false' };
      if (info.blockAs === 'error') return { status: 400, headers, content: { body: frames.error(info) } };
      if (asked.stream) {
        return { status: 200, headers, content: { framing: SSE, events: frames.refusal(info, asked) } };
      }
      const empty = {
        id: `${dialect.idPrefix}-${info.hitId}`,
        created: secondsOf(info),
        model: asked.model ?? 'unknown',
        choices: [...Array(asked.answers).keys()].map((index) => ({ index })),
        usage: NO_USAGE,
      };
      return { status: 200, headers, content: { body: blockedOutput(empty, info) } };
    },

    annotateBody: (body: unknown, note: AnswerNote) => (isJsonObject(body) ? { ...body, ...noteKeys(note) } : body),

    filteredParts: readFilteredParts,
  };
}
