/** Where something begins that is not over yet: worked out anew only when what it hangs on has changed. */
export class RememberedStart {
  #key = Number.NaN;
  /** `undefined` when nothing is open: then it is wherever the scan stands. */
  #start: number | undefined;

  /**
   * Returns the offset; `position` when nothing is open.
   * @param key tells what it hangs on: as long as it is the same, `work` is not done
   * @param work gives the offset, `position` or more when nothing is open
   */
  from(key: number, position: number, work: () => number): number {
    if (key !== this.#key) {
      const start = work();
      this.#start = start < position ? start : undefined;
      this.#key = key;
    }
    return this.#start ?? position;
  }
}
