import type { Action, Category, Direction, FormatName, TextEdit, TextField, UnscreenedReason } from '../core/index.js';
import type { Framing, StreamEvent } from '../framing/index.js';
import type { StreamFormat } from './stream-format.js';

/**
 * How a block is told: as an error that client libraries raise, or as a refusal, an answer of the format that ends with
 * what it calls filtered content.
 */
export type BlockAs = 'error' | 'refusal';

/** What a client is told about a block. Holds no text of the user or the model. */
export interface BlockInfo {
  /** Sentence for the reader. */
  readonly notice: string;
  /** Language tag of the notice; of an English one it may be left out. */
  readonly language?: string;
  /** Finds the entry in the record. */
  readonly hitId: string;
  /** When, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Where in the body the text stands that is blocked, as a path; left out where that is not one place. */
  readonly field?: string;
  readonly category: Category | undefined;
  /** Side that is blocked. */
  readonly direction: Direction;
  readonly blockAs: BlockAs;
  /** Whether a stream that is refused midway carries the notice as text too, behind what the client has read already. */
  readonly noticeAsText?: boolean;
}

/** What a client is told about a verdict that changed nothing. Holds no text of the user or the model. */
export interface ModerationNote {
  /** What the policy decides. */
  readonly action: Action;
  readonly categories: readonly Category[];
  /** What of the answer was not judged. */
  readonly unscreened: readonly UnscreenedReason[];
  /** Finds the entry in the record. */
  readonly hitId: string;
}

/** What is added to a whole answer, or to the event that ends one; nothing that the answer itself says is changed. */
export interface AnswerNote {
  readonly moderation?: ModerationNote;
  /** Labels the text as generated. */
  readonly aiGenerated?: boolean;
}

/** What a request asks of its reply. */
export interface AskedReply {
  /** Whether it asks for a stream. */
  readonly stream: boolean;
  /** How many answers the reply will carry side by side. */
  readonly answers: number;
  /** Whether the client asked for an event that tells the usage. */
  readonly usage: boolean;
  /** The model, as the request names it. */
  readonly model?: string;
  /** The texts of the request, for a format whose replies repeat some; see `repeatsRequest`. */
  readonly said?: ReadonlySet<string>;
}

/** Something that the backend itself withheld. */
export interface FilteredPart {
  /** `input` when it refused the request, `output` when it cut an answer. */
  readonly direction: Direction;
  /** The answer, or where else the reply says so. */
  readonly field: string;
}

/** A reply of our own in place of that of the backend: either one JSON body, or the events of a whole stream. */
export interface OwnReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: { readonly body: unknown } | { readonly framing: Framing; readonly events: readonly StreamEvent[] };
}

/** What an error answer says, before a format gives it its shape. */
export interface ErrorInfo {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
}

/** What tells the format of a request where its path does not. */
export interface ShapedRequest {
  readonly body: unknown;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Knows one wire format: where its texts are and how its answers look. Pure: no detection, no I/O, no state. */
export interface Adapter {
  /** `own` for a format that the config describes. */
  readonly name: FormatName | 'own';
  /** Whether the body of a request is one text, and not JSON; it is JSON when left out. */
  readonly requestIsText?: boolean;
  /** How its streams may be framed; the first is taken where a reply does not say. */
  readonly framings: readonly [Framing, ...Framing[]];
  /** Whether a stream of JSON lines that was asked for may call itself plain JSON; not when left out. */
  readonly linesMayBeUntold?: boolean;
  /** Whether a request to a path that names no format is of this one. Never throws. */
  recognizes(request: ShapedRequest): boolean;
  /** Returns every text that the body carries in that direction; empty for an unknown shape. Never throws. */
  readTexts(body: unknown, direction: Direction): readonly TextField[];
  /** Returns a copy of the body with the texts at the paths of the edits replaced. The body is not changed. */
  writeTexts(body: unknown, edits: readonly TextEdit[]): unknown;
  /** Returns what the request asks of its reply. Never throws. */
  readAsked(body: unknown): AskedReply;
  /**
   * Returns the path or channel of the text of an answer that a reader reads right before this one, as if they were one: a
   * block of text after another. `undefined` where there is none. Never throws.
   * @param isSaid whether the answer has a text at a path
   */
  textBefore?(path: string, isSaid: (path: string) => boolean): string | undefined;
  /** Returns the answer that a channel, or the path of a text field, is part of. A block stops that answer and no other. */
  answerOf(channel: string): string;
  /** Whether a text at this path of a reply repeats what the request said, so that it was judged as Input if it is the same; never when left out. */
  repeatsRequest?(path: string): boolean;
  /** Starts to read one stream. */
  openStream(asked: AskedReply): StreamFormat;
  /**
   * Returns what a client gets in place of the reply of the backend: for a blocked request, and for a blocked Output that
   * is told as an error. A refusal comes as a stream when the request asked for one.
   */
  blockedReply(info: BlockInfo, asked: AskedReply): OwnReply;
  /**
   * Returns the whole body of a reply whose Output is refused: none of the text of the blocked answers, its usage kept.
   * All answers are blocked when none is named.
   */
  blockedOutput(body: unknown, info: BlockInfo, answers?: ReadonlySet<string>): unknown;
  /** Returns a copy of the body of a whole answer with a note. */
  annotateBody(body: unknown, note: AnswerNote): unknown;
  /** Returns what a whole reply says that the backend itself withheld for its content. Never throws. */
  filteredParts(body: unknown): readonly FilteredPart[];
  /** Returns an error body in the shape that clients of the format parse. */
  errorBody(info: ErrorInfo): unknown;
}

/** Whether a channel is the named one or a part of it: `choices[0].content` belongs to `choices[0]`. */
export function belongsTo(channel: string, owner: string): boolean {
  return channel === owner || (channel.startsWith(owner) && /^[.[]/.test(channel.slice(owner.length)));
}
