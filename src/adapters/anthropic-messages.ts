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
import { noteKeys } from './answer-note.js';
import { ANSWER } from './anthropic-messages-event.js';
import { blockedError, errorBody, refusalEvents, refusedMessage } from './anthropic-messages-frames.js';
import { MessagesStream, readFilteredParts } from './anthropic-messages-stream.js';
import { readAnswerSlots, readRequestSlots } from './anthropic-messages-texts.js';
import { asArray, isJsonObject, type JsonObject } from './json.js';
import { fieldOf } from './text-slots.js';
import { isTrueWord } from './true-word.js';
import { writeSlots } from './write-slots.js';

/** Every official client sends it. */
const VERSION_HEADER = 'anthropic-version';
/** Top-level keys of a request that no other format with messages has. */
const OWN_KEYS = ['anthropic_version', 'system'];
const TEXT_BLOCK = /^content\[(\d+)\]\.text$/;
/** Types of content blocks that no other format has. */
const OWN_BLOCKS = /^(?:redacted_thinking|search_result|\w*tool_(?:use|result))$/;

/**
 * Anthropic Messages, as Anthropic, DeepSeek, vLLM and others speak it: the message itself, the counting of its tokens, and
 * the beginning of a batch. A thinking block keeps its signature when its text is redacted: clients need one, it holds no
 * text that they can read, and the backend that checks it when the block comes back says so itself.
 */
export const anthropicMessages: Adapter = {
  name: 'anthropic-messages',
  framings: [SSE, NDJSON],

  recognizes({ body, headers = {} }: ShapedRequest): boolean {
    if (!isJsonObject(body) || !Array.isArray(body['messages'])) return false;
    if (headers[VERSION_HEADER] !== undefined || OWN_KEYS.some((key) => body[key] !== undefined)) return true;
    const tools = asArray(body['tools']).filter(isJsonObject);
    return tools.some((tool) => tool['input_schema'] !== undefined) || body['messages'].some(holdsOwnBlock);
  },

  readTexts(body: unknown, direction: Direction): readonly TextField[] {
    const slots = direction === 'input' ? readRequestSlots(body) : readAnswerSlots(body);
    return slots.map(fieldOf);
  },

  writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
    return writeSlots(body, edits, { slotsOf: readRequestSlots });
  },

  readAsked(body: unknown): AskedReply {
    const request: JsonObject = isJsonObject(body) ? body : {};
    const { stream, model, max_tokens } = request;
    return {
      stream: isTrueWord(stream),
      // Counting tokens and beginning a batch set no such limit, and bring no message.
      answers: max_tokens === undefined ? 0 : 1,
      usage: true,
      ...(typeof model === 'string' ? { model } : {}),
    };
  },

  /** With citations, a sentence is cut into blocks wherever a quotation begins or ends. */
  textBefore(path: string): string | undefined {
    const index = Number(TEXT_BLOCK.exec(path)?.[1] ?? 0);
    return index > 0 ? `content[${index - 1}].text` : undefined;
  },

  answerOf(): string {
    return ANSWER;
  },

  openStream(asked: AskedReply): MessagesStream {
    return new MessagesStream(asked);
  },

  blockedReply(info: BlockInfo, asked: AskedReply): OwnReply {
    const headers = { 'x-should-retry': 'false', 'request-id': info.hitId };
    if (info.blockAs === 'error' || asked.answers === 0) {
      return { status: 400, headers, content: { body: blockedError(info) } };
    }
    if (asked.stream) return { status: 200, headers, content: { framing: SSE, events: refusalEvents(info, asked) } };
    const source = asked.model === undefined ? {} : { model: asked.model };
    return { status: 200, headers, content: { body: refusedMessage(source, info) } };
  },

  blockedOutput(body: unknown, info: BlockInfo): unknown {
    return refusedMessage(isJsonObject(body) ? body : {}, info);
  },

  annotateBody(body: unknown, note: AnswerNote): unknown {
    return isJsonObject(body) ? { ...body, ...noteKeys(note) } : body;
  },

  filteredParts(body: unknown): readonly FilteredPart[] {
    return readFilteredParts(body);
  },

  errorBody(info: ErrorInfo): unknown {
    return errorBody(info);
  },
};

function holdsOwnBlock(message: unknown): boolean {
  const blocks = asArray(isJsonObject(message) ? message['content'] : undefined).filter(isJsonObject);
  return blocks.some(({ type, source, thinking }) => {
    return OWN_BLOCKS.test(String(type)) || isJsonObject(source) || typeof thinking === 'string';
  });
}
