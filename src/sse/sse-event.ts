/** One server-sent event, or one comment line (then `comment` is set and `data` is empty). */
export interface SseEvent {
  /** Event name; absent means the default, `message`. */
  readonly event?: string;
  /** All `data` lines, joined with LF. */
  readonly data: string;
  readonly id?: string;
  /** Text of a comment line, which keeps the connection alive and carries no data. */
  readonly comment?: string;
}
