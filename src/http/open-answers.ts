/** Which answers of a stream are still open: seen, finished by the backend, or stopped here. */
export class OpenAnswers {
  readonly #asked: number;
  readonly #seen = new Set<string>();
  readonly #finished = new Set<string>();
  readonly #stopped = new Set<string>();

  /** @param asked how many answers the request asks for, so that one which has not begun is not taken for closed */
  constructor(asked: number) {
    this.#asked = asked;
  }

  /** The stopped ones, in the order they were stopped; of these nothing may follow. */
  get stopped(): ReadonlySet<string> {
    return this.#stopped;
  }

  /** Whether an answer was stopped and every other one is over: the client can get nothing more. */
  get nothingLeft(): boolean {
    if (this.#stopped.size === 0) return false;
    const over = [...this.#seen].filter((answer) => this.#finished.has(answer) || this.#stopped.has(answer));
    return over.length >= Math.max(this.#asked, this.#seen.size);
  }

  /** Whether the backend still works on an answer that was stopped here. */
  get workInVain(): boolean {
    return [...this.#stopped].some((answer) => !this.#finished.has(answer));
  }

  see(answers: readonly string[]): void {
    for (const answer of answers) this.#seen.add(answer);
  }

  finish(answers: readonly string[]): void {
    for (const answer of answers) this.#finished.add(answer);
  }

  stop(answer: string): void {
    this.#seen.add(answer);
    this.#stopped.add(answer);
  }
}
