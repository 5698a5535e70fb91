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
import { asArray, isJsonObject, type JsonObject } from './json.js';
import { ANSWER, blockedError, type OllamaKind, refusalBody, refusalEvents } from './ollama-frames.js';
import { OllamaStream } from './ollama-stream.js';
import { dropRepetitions, isOllamaAnswer, readOllamaTexts } from './ollama-texts.js';
import { fieldOf } from './text-slots.js';
import { writeSlots } from './write-slots.js';

/** Keys that only requests of Ollama have. */
const OWN_KEYS: Readonly<Record<OllamaKind, readonly string[]>> = {
  chat: ['keep_alive', 'options', 'think'],
  generate: ['keep_alive', 'options', 'think', 'system', 'template', 'raw', 'context', 'images'],
};
/** What the option `stream` may say against streaming; left out, it means a stream. */
const FALSE_WORDS = new Set<unknown>([false, 0, 'false', '0']);

/** Ollama chat, `/api/chat`. */
export const ollamaChat = createOllama('ollama-chat', 'chat');

/** Ollama generate, `/api/generate`. */
export const ollamaGenerate = createOllama('ollama-generate', 'generate');

function createOllama(name: FormatName, kind: OllamaKind): Adapter {
  return {
    name,
    framings: [NDJSON, SSE],
    linesMayBeUntold: true,

    recognizes({ body }: ShapedRequest): boolean {
      if (!isJsonObject(body) || !OWN_KEYS[kind].some((key) => Object.hasOwn(body, key))) return false;
      return kind === 'chat' ? asArray(body['messages']).some(isJsonObject) : typeof body['prompt'] === 'string';
    },

    readTexts(body: unknown, direction: Direction): readonly TextField[] {
      return direction === 'output' && !isOllamaAnswer(body) ? [] : readOllamaTexts(body).map(fieldOf);
    },

    writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
      const copy = writeSlots(body, edits, { slotsOf: readOllamaTexts });
      if (edits.length > 0 && isJsonObject(copy) && isOllamaAnswer(copy)) dropRepetitions(copy);
      return copy;
    },

    readAsked(body: unknown): AskedReply {
      const request: JsonObject = isJsonObject(body) ? body : {};
      const { stream, model } = request;
      return {
        stream: !FALSE_WORDS.has(stream),
        answers: 1,
        usage: false,
        ...(typeof model === 'string' ? { model } : {}),
      };
    },

    answerOf: () => ANSWER,

    openStream: () => new OllamaStream(kind),

    blockedReply(info: BlockInfo, asked: AskedReply): OwnReply {
      const headers = { 'x-should-retry': 'false' };
      if (info.blockAs === 'error') return { status: 400, headers, content: { body: blockedError(info) } };
      const source = asked.model === undefined ? {} : { model: asked.model };
      const content = asked.stream
        ? { framing: NDJSON, events: refusalEvents(kind, info, { source }) }
        : { body: refusalBody(kind, info, source) };
      return { status: 200, headers, content };
    },

    blockedOutput: (body: unknown, info: BlockInfo) => refusalBody(kind, info, isJsonObject(body) ? body : {}),

    annotateBody: (body: unknown, note: AnswerNote) => (isJsonObject(body) ? { ...body, ...noteKeys(note) } : body),

    filteredParts: (): readonly FilteredPart[] => [],

    errorBody: ({ message, type, code }: ErrorInfo) => ({ error: message, type, code }),
  };
}
