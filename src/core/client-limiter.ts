/** Counts the requests of each client. */
export interface ClientLimiter {
  /** Counts a request; resolves to how long its client has to wait, in milliseconds, or to undefined when it may go on. */
  admit(client: string): Promise<number | undefined>;
  /** Lets go of what it counts with. Idempotent. */
  close(): Promise<void>;
}
