import type { TextField } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, BlockInfo, ErrorInfo, FilteredPart } from './adapter.js';
import type { JsonObject } from './json.js';

/** New text of one channel, as one event carries it. */
export interface ChannelDelta {
  /** Names the run of text that is judged as one, such as `choices[0].content`. */
  readonly channel: string;
  readonly text: string;
}

/** A text that stands alone in one event and is judged whole: an error message, or one that repeats a channel with a difference. */
export interface StandaloneText extends TextField {
  /** The answer that a block of this text stops; when left out, a notice takes the place of the text and the stream goes on. */
  readonly answer?: string;
}

/** What one event carries. */
export interface StreamStep {
  /** At most one delta per channel. */
  readonly deltas: readonly ChannelDelta[];
  /** Their paths are unique within the event. */
  readonly fields: readonly StandaloneText[];
  /** The answers or channels that end with this event (see `belongsTo`): what is held of them leaves before it. */
  readonly ends: readonly string[] | 'all';
  /** The answers that the event carries a part of. */
  readonly answers: readonly string[];
  /** Whether the stream is over with this event: nothing may follow. */
  readonly last: boolean;
  /** What the event says that the backend itself withheld. */
  readonly filtered: readonly FilteredPart[];
  /** The event as a JSON object, before anything in it is replaced; left out for one that carries none. */
  readonly value?: JsonObject;
  /** Returns the name that a place in `value` has in paths and channels; the same when left out. */
  readonly placeOf?: (path: string) => string;
}

/** How the event that was read last changes on its way out. What is not named stays. */
export interface StreamChange {
  /** New text by channel. */
  readonly texts: ReadonlyMap<string, string>;
  /** New text by path of a standalone text. */
  readonly fields: ReadonlyMap<string, string>;
  /** Answers whose parts go. */
  readonly without: ReadonlySet<string>;
}

/**
 * One stream of a format. It reads what arrives, shapes what leaves, and remembers of both what the format forces it to.
 * For each event the pipeline calls `read`, then any of the others, then `leave` on every event that goes to the client.
 */
export interface StreamFormat {
  /** Whether the data of its events is text, and not JSON; it is JSON when left out. */
  readonly isText?: boolean;
  /** Whether an error that tells a block concerns one answer alone, so that the others follow; they do not when left out. */
  readonly goesOnAfterErrors?: boolean;
  /**
   * Reads the next event of the backend; it is the current one until the next call. Comments are not passed.
   * @throws {StreamError} when the data is not what the format needs, such as JSON.
   */
  read(event: StreamEvent): StreamStep;
  /**
   * Reads an event that says the same as the one before but for the text of one channel, which takes no parsing; `undefined`
   * for any other. Behind it comes `writeAgain`, or `read` with the same event where it ends more than its text.
   */
  readAgain?(event: StreamEvent): ChannelDelta | undefined;
  /** Returns the event of `readAgain` with what leaves in place of its text; stands for `write` and `leave`. */
  writeAgain?(event: StreamEvent, delta: ChannelDelta, left: string): StreamEvent;
  /** Returns the current event as it may leave; the very same one when nothing changes, `undefined` when nothing is left of it. */
  write(change: StreamChange): StreamEvent | undefined;
  /**
   * Returns events that carry only this text on a channel, with what identifies the current event.
   * @param fields new text by path of a standalone text of the current event, where such a text is to go with it
   */
  frameText(channel: string, text: string, fields?: ReadonlyMap<string, string>): readonly StreamEvent[];
  /** Returns the events that end a blocked answer in the way of the format; the stream itself goes on. */
  frameBlocked(answer: string, info: BlockInfo): readonly StreamEvent[];
  /** Returns the events that end a stream in which every answer is over and one was blocked. */
  frameEnd(): readonly StreamEvent[];
  /** Returns the events that tell the client of a stream that it broke. */
  frameError(info: ErrorInfo): readonly StreamEvent[];
  /** Returns an event that ends an answer, with a note about that answer. */
  annotate(event: StreamEvent, note: AnswerNote): StreamEvent;
  /** Sees every event that leaves, in order, however it was made, and returns it as it goes out: numbered, for one. */
  leave(event: StreamEvent): StreamEvent;
}
