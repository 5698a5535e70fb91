/** One event of a stream, whatever frames it; or one comment, which carries no data (then `comment` is set and `data` is empty). */
export interface StreamEvent {
  /** Event name, in framings that have names; absent means the default, `message`. */
  readonly event?: string;
  /** The payload: all `data` lines of a server-sent event joined with LF, one line of NDJSON, or a piece of plain text. */
  readonly data: string;
  readonly id?: string;
  /** Text of a comment, which keeps the connection alive; empty for the blank lines of NDJSON. */
  readonly comment?: string;
}
