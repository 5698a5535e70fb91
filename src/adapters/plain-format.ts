import type { Direction, TextEdit, TextField } from '../core/index.js';
import { NDJSON, PLAIN_TEXT, SSE } from '../framing/index.js';
import type { Adapter, AnswerNote, AskedReply, BlockInfo, ErrorInfo, FilteredPart, OwnReply } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { isJsonObject, type JsonObject } from './json.js';
import { type FieldPath, fillField, parseFieldPath, readFieldTexts } from './plain-fields.js';
import { ANSWER, blockedError, moderationOf } from './plain-frames.js';
import { withoutRestTexts } from './plain-rest.js';
import { PlainStream } from './plain-stream.js';
import { isTrueWord } from './true-word.js';
import { writeSlots } from './write-slots.js';

/** Where the texts of a body are: it is one text, or JSON with texts at these field paths. */
export type PlainTexts = 'text' | readonly string[];

/** A format of a host's own. */
export interface PlainFormatOptions {
  readonly request: PlainTexts;
  readonly response: PlainTexts;
  /** Where the texts of the events of a stream are; as in `response` when left out. */
  readonly stream?: PlainTexts | undefined;
  /** Data of the event that ends a stream. */
  readonly end?: string | undefined;
}

/** Leads to the body itself: every string in it is text. */
const WHOLE: readonly FieldPath[] = [[]];

/**
 * Returns the adapter of a format of a host's own. What no field path names is text too where it is
 * more than a word, but is never read on from one event to the next.
 * @throws {TypeError} for a field path that is none.
 */
export function createPlainFormat(options: PlainFormatOptions): Adapter {
  const request = parseTexts(options.request);
  const response = parseTexts(options.response);
  const { stream = options.response, end } = options;
  // Text that is not framed is a stream too: it leaves as it comes, as far as it is judged.
  const framings: Adapter['framings'] = stream === 'text' ? [PLAIN_TEXT, SSE] : [SSE, NDJSON];
  const texts = stream === 'text' ? stream : parseTexts(stream);
  const openStream = (): PlainStream => new PlainStream({ texts, end });
  const refusal = (body: unknown, info: BlockInfo): unknown => {
    if (typeof body === 'string') return info.notice;
    const copy = withoutRestTexts(body, readFieldTexts(body, response));
    const fields = readFieldTexts(copy, response);
    fields.forEach(({ write }, index) => {
      write(index === 0 ? info.notice : '');
    });
    const said = fields.length > 0 ? copy : fillField(response[0], info.notice);
    return isJsonObject(said) ? { ...said, moderation: moderationOf(info) } : said;
  };
  return {
    name: 'own',
    requestIsText: options.request === 'text',
    framings,
    linesMayBeUntold: true,
    openStream,
    recognizes: () => false,

    readTexts(body: unknown, direction: Direction): readonly TextField[] {
      const fields = readFieldTexts(body, direction === 'input' ? request : response);
      return fields.map(({ path, text }) => ({ path, text }));
    },

    writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
      if (typeof body === 'string') return edits[0]?.text ?? body;
      return writeSlots(body, edits, {
        slotsOf: (copy) => [...readFieldTexts(copy, request), ...readFieldTexts(copy, response)],
      });
    },

    readAsked(body: unknown): AskedReply {
      return { stream: isJsonObject(body) && isTrueWord(body['stream']), answers: 1, usage: false };
    },

    answerOf: () => ANSWER,

    blockedReply(info: BlockInfo, asked: AskedReply): OwnReply {
      const headers = { 'x-should-retry': 'false' };
      if (info.blockAs === 'error') return { status: 400, headers, content: { body: blockedError(info) } };
      if (asked.stream) {
        const format = openStream();
        const events = [...format.frameBlocked(ANSWER, info), ...format.frameEnd()];
        return { status: 200, headers, content: { framing: SSE, events } };
      }
      const content =
        options.response === 'text'
          ? { framing: PLAIN_TEXT, events: [{ data: info.notice }] }
          : { body: refusal({}, info) };
      return { status: 200, headers, content };
    },

    blockedOutput: refusal,

    annotateBody: (body: unknown, note: AnswerNote) => (isJsonObject(body) ? { ...body, ...noteKeys(note) } : body),

    filteredParts: (): readonly FilteredPart[] => [],

    errorBody: ({ message, type, code }: ErrorInfo): JsonObject => ({ error: { message, type, code } }),
  };
}

function parseTexts(texts: PlainTexts): readonly FieldPath[] {
  if (texts === 'text') return WHOLE;
  return texts.map((text) => {
    const path = parseFieldPath(text);
    if (path === undefined) throw new TypeError(`"${text}" is not a field path.`);
    return path;
  });
}
