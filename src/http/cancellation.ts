/**
 * Ends something before its time: when the client goes, or when it takes too long. Nearly every request is over before anybody
 * cancels anything, so this costs next to nothing until then; signals, which combine and carry stacks, are made only where asked for.
 */
export class Cancellation {
  #reason: Error | undefined;
  #listeners: Set<(reason: Error) => void> | undefined;
  #signal: AbortController | undefined;

  /** Why it was cancelled; `undefined` while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** The same as a signal, for what takes nothing else. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortController();
      if (this.#reason !== undefined) this.#signal.abort(this.#reason);
    }
    return this.#signal.signal;
  }

  /** Cancels; what comes after the first time changes nothing. */
  cancel(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners ?? []) listener(reason);
    this.#signal?.abort(reason);
  }

  /** Calls back once it is cancelled, at once if it was; returns what makes it forget that. */
  onCancel(listener: (reason: Error) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return () => undefined;
    }
    this.#listeners ??= new Set();
    const listeners = this.#listeners;
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }
}
