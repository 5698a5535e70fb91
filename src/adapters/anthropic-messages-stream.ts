import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, AskedReply, BlockInfo, ErrorInfo, FilteredPart } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { ANSWER, MessagesEvent, memberOf } from './anthropic-messages-event.js';
import {
  blockedError,
  blockStartEvent,
  errorBody,
  mergedUsage,
  messagesEvent,
  REFUSAL,
  refusedEvent,
  startEvent,
  textBlockEvents,
  textEvent,
} from './anthropic-messages-frames.js';
import { SentMessage } from './anthropic-messages-sent.js';
import { EscapedTexts } from './escaped-texts.js';
import { EventTemplate } from './event-template.js';
import { isJsonObject, type JsonObject, parseJson } from './json.js';
import { encodeJsonText, type JsonTextReader } from './json-text-reader.js';
import { OddRuns } from './odd-runs.js';
import type { ChannelDelta, StreamChange, StreamFormat, StreamStep } from './stream-format.js';

const OVER: StreamStep = { deltas: [], fields: [], ends: 'all', answers: [ANSWER], last: true, filtered: [] };
/** Some translating backends end a stream as that of another format ends. */
const DONE = '[DONE]';
const CHANNEL = /^content\[(\d+)\]\.(\w+)(.*)$/;

/** One stream of named events that build up a message block by block. */
export class MessagesStream implements StreamFormat {
  readonly #asked: AskedReply;
  readonly #sent = new SentMessage();
  readonly #escaped = new EscapedTexts();
  readonly #odd = new OddRuns();
  /** Readers of the inputs of tool calls, by channel. */
  readonly #inputs = new Map<string, JsonTextReader>();
  /** What the last event said of itself that had a text of the channel which is not of the format. */
  readonly #oddHeads = new Map<string, OddHead>();
  #received: StreamEvent = { data: '' };
  /** What was received, where it is an event of the format. */
  #current: MessagesEvent | undefined;
  /** What leaves in place of the current event. */
  #written: StreamEvent | undefined;
  #usage: JsonObject = {};
  /** The last event but for its text, where the next one may be like it. */
  #again: EventTemplate | undefined;
  /** Whether the client was told an error, behind which nothing follows. */
  #failed = false;

  constructor(asked: AskedReply) {
    this.#asked = asked;
  }

  read(event: StreamEvent): StreamStep {
    if (this.#again?.textOf(event) === undefined) this.#again = undefined;
    this.#received = event;
    this.#current = undefined;
    this.#written = undefined;
    if (event.data.trim() === DONE) return OVER;
    const current = new MessagesEvent(event, { inputs: this.#inputs, escaped: this.#escaped, odd: this.#odd });
    this.#current = current;
    const { value, type, deltas, fields, ends } = current;
    for (const { channel } of deltas) if (current.hasOdd(channel)) this.#oddHeads.set(channel, headOf(current));
    this.#usage = mergedUsage(mergedUsage(this.#usage, memberOf(value, 'message')['usage']), value['usage']);
    const answers = type === 'ping' || type === 'error' ? [] : [ANSWER];
    return {
      deltas,
      fields,
      ends,
      answers,
      last: type === 'message_stop',
      filtered: readFilteredParts(value),
      value,
      placeOf: (path) => current.placeOf(path),
    };
  }

  readAgain(event: StreamEvent): ChannelDelta | undefined {
    const text = this.#again?.textOf(event);
    return text === undefined || this.#again === undefined ? undefined : { channel: this.#again.channel, text };
  }

  writeAgain(event: StreamEvent, { text }: ChannelDelta, left: string): StreamEvent {
    return left === text ? event : (this.#again?.write(event, left) ?? event);
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    if (without.has(ANSWER)) return undefined;
    this.#written = this.#current?.write(texts, fields) ?? this.#received;
    const onlyText = this.#written === this.#received ? this.#current?.onlyText : undefined;
    if (onlyText !== undefined && this.#escaped.isPlain(onlyText.channel)) {
      this.#again ??= EventTemplate.of(onlyText, this.#received);
    }
    return this.#written;
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    const odd = this.#odd.frame(channel, text);
    if (isJsonObject(odd)) return [this.#frameOdd(channel, odd)];
    const [, position = '0', key = 'text', name = ''] = CHANNEL.exec(channel) ?? [];
    const index = Number(position);
    const opening = this.#openMessage();
    const begins =
      opening.length > 0 || (this.#current?.type === 'content_block_start' && this.#current.index === index);
    // What the current event was to begin does not leave with it.
    const block = begins && !this.#sent.knows(index) ? [blockStartEvent(index, key)] : [];
    const source =
      key === 'input'
        ? (this.#current?.inputUntil(channel, text) ?? encodeJsonText(name, text))
        : this.#escaped.write(channel, text);
    return [...opening, ...block, textEvent(index, key, source)];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    if (info.blockAs === 'error') {
      this.#failed = true;
      return [{ event: 'error', data: JSON.stringify(blockedError(info)) }];
    }
    // Some clients run a tool call as soon as another block follows it.
    const says = info.noticeAsText === true && !this.#sent.hasOpenCall;
    return [
      ...this.#openMessage(),
      ...this.#sent.close(),
      ...(says ? textBlockEvents(this.#sent.nextIndex, info.notice) : []),
      refusedEvent(info, this.#usage),
    ];
  }

  frameEnd(): readonly StreamEvent[] {
    return this.#failed ? [] : [messagesEvent('message_stop')];
  }

  frameError(info: ErrorInfo): readonly StreamEvent[] {
    return [{ event: 'error', data: JSON.stringify(errorBody(info)) }];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    const value = parseJson(event.data);
    return isJsonObject(value) ? { ...event, data: JSON.stringify({ ...value, ...noteKeys(note) }) } : event;
  }

  leave(event: StreamEvent): StreamEvent {
    const value = event === this.#written ? this.#current?.value : parseJson(event.data);
    if (isJsonObject(value)) this.#sent.note(value);
    return event;
  }

  /** Returns an event that carries only these members, as the last one of the channel did. */
  #frameOdd(channel: string, members: JsonObject): StreamEvent {
    const { type, index, delta } = this.#oddHeads.get(channel) ?? {};
    const said = delta === undefined ? {} : { delta: { ...delta, ...memberOf(members, 'delta') } };
    return messagesEvent(type ?? 'ping', { ...(index === undefined ? {} : { index }), ...members, ...said });
  }

  /** The beginning of the message, where the current event was to tell of it and does not leave. */
  #openMessage(): StreamEvent[] {
    return this.#sent.started ? [] : [startEvent(memberOf(this.#current?.value ?? {}, 'message'), this.#asked)];
  }
}

/** What an event says of itself beside its texts. */
interface OddHead {
  readonly type: string;
  readonly index: unknown;
  /** Its delta without the text. */
  readonly delta: JsonObject | undefined;
}

function headOf({ type, value }: MessagesEvent): OddHead {
  const { delta } = value;
  const strings = Object.entries(isJsonObject(delta) ? delta : {}).filter(([, said]) => typeof said === 'string');
  // Clients append what they look for without a check.
  const head = Object.fromEntries(strings.map(([key, said]) => [key, key === 'type' ? said : '']));
  return { type: String(type), index: value['index'], delta: isJsonObject(delta) ? head : undefined };
}

/** Returns what a body or event says that the backend itself withheld. Never throws. */
export function readFilteredParts(body: unknown): readonly FilteredPart[] {
  if (!isJsonObject(body)) return [];
  const reason = body['stop_reason'] ?? memberOf(body, 'delta')['stop_reason'];
  return reason === REFUSAL ? [{ direction: 'output', field: ANSWER }] : [];
}
