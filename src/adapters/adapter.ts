import type { Action, Category, Direction, TextEdit, TextField } from '../core/index.js';
import type { SseEvent } from '../sse/index.js';

/** New text of one channel, as one event carries it. */
export interface ChannelDelta {
  /** Names the run of text that is judged as one, such as `choices[0].content`. */
  readonly channel: string;
  readonly text: string;
  /** Set when no further text of this channel follows. */
  readonly closes?: boolean;
}

/** What a client is told about a block. Holds no text of the user or the model. */
export interface BlockInfo {
  /** Sentence for the reader. */
  readonly notice: string;
  /** Finds the entry in the record. */
  readonly hitId: string;
  readonly category: Category | undefined;
}

/** What a client is told about a verdict that changed nothing. Holds no text of the user or the model. */
export interface ModerationNote {
  /** What the policy decides. */
  readonly action: Action;
  readonly categories: readonly Category[];
  /** Finds the entry in the record. */
  readonly hitId: string;
}

/** What a request asks of its stream, as far as the end of a stopped one depends on it. */
export interface StreamRequest {
  /** How many answers the stream will carry side by side. */
  readonly answers: number;
  /** Whether the client asked for an event that tells the usage. */
  readonly usage: boolean;
}

/** Something that the backend itself withheld. */
export interface FilteredPart {
  /** `input` when it refused the request, `output` when it cut an answer. */
  readonly direction: Direction;
  /** The answer, or where else the reply says so. */
  readonly field: string;
}

/** An answer that replaces the call to the backend. */
export interface BlockedInput {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** What an error answer says, before a format gives it its shape. */
export interface ErrorInfo {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
}

/** Knows one wire format: where its texts are and how its answers look. Pure: no detection, no I/O, no state. */
export interface Adapter {
  readonly name: string;
  /** Returns every text that the body carries in that direction; empty for an unknown shape. Never throws. */
  readTexts(body: unknown, direction: Direction): readonly TextField[];
  /** Returns a copy of the body with the texts at the paths of the edits replaced. The body is not changed. */
  writeTexts(body: unknown, edits: readonly TextEdit[]): unknown;
  /** Whether the request asks for an event stream. */
  wantsStream(body: unknown): boolean;
  /** Returns what the request asks of its stream. Never throws. */
  readStreamRequest(body: unknown): StreamRequest;
  /** Returns the text of an event, at most one delta per channel; empty for events without text. Never throws. */
  readDelta(event: SseEvent): readonly ChannelDelta[];
  /** Returns the event with the text of each named channel replaced; channels not named stay. */
  writeDelta(event: SseEvent, replacements: ReadonlyMap<string, string>): SseEvent;
  /** Returns an event that carries only `text` on `channel`, with the id and model of the template. */
  frameDelta(channel: string, text: string, template: SseEvent): SseEvent;
  /** Returns the answers or channels that end with this event (see `belongsTo`): what is held of them leaves before it. */
  endsChannels(event: SseEvent): readonly string[] | 'all' | undefined;
  /** Returns the answer that a channel, or the path of a text field, is part of. A block stops that answer and no other. */
  answerOf(channel: string): string;
  /** Returns the answers that an event carries a part of. Never throws. */
  answersIn(event: SseEvent): readonly string[];
  /** Returns the event without its parts of these answers; `undefined` when nothing is left. */
  dropAnswers(event: SseEvent, answers: ReadonlySet<string>): SseEvent | undefined;
  /** Whether the event tells the usage. */
  carriesUsage(event: SseEvent): boolean;
  /** Returns an event with a note about the verdict on the answers that it ends. */
  annotate(event: SseEvent, note: ModerationNote): SseEvent;
  /** Returns the events that end blocked answers in the way of the format; the stream itself goes on. */
  frameBlocked(answers: readonly string[], info: BlockInfo, template: SseEvent | undefined): SseEvent[];
  /** Returns the events that end a stream, told the last event that carried a usage if that is to be repeated. */
  frameEnd(usage: SseEvent | undefined): SseEvent[];
  /** Returns the events that tell the client of a stream that it broke. */
  frameError(info: ErrorInfo): SseEvent[];
  /** Returns the answer to a request whose Input is blocked. */
  blockedInput(info: BlockInfo): BlockedInput;
  /**
   * Returns the whole body of a reply whose Output is blocked: none of the text of the blocked answers, its usage kept.
   * All answers are blocked when none is named.
   */
  blockedOutput(body: unknown, info: BlockInfo, answers?: ReadonlySet<string>): unknown;
  /** Returns what a reply, or the data of one event, says that the backend itself withheld for its content. Never throws. */
  filteredParts(body: unknown): readonly FilteredPart[];
  /** Returns an error body in the shape that clients of the format parse. */
  errorBody(info: ErrorInfo): unknown;
}

/** Whether a channel is the named one or a part of it: `choices[0].content` belongs to `choices[0]`. */
export function belongsTo(channel: string, owner: string): boolean {
  return channel === owner || channel.startsWith(`${owner}.`);
}
