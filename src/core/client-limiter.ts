/** How many requests a client may make. */
export interface ClientRule {
  readonly maxRequests: number;
  /** From the first request of a client on; then it begins anew. */
  readonly perSeconds: number;
}

/** Counts the requests of each client. */
export interface ClientLimiter {
  /**
   * Counts a request: how long its client has to wait, in milliseconds, or undefined when it may go on. A promise only where
   * somebody else counts. Never throws or rejects.
   */
  admit(client: string): number | undefined | Promise<number | undefined>;
  /** Lets go of what it counts with. Idempotent. */
  close(): Promise<void>;
}
