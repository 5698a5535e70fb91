/** Which answers of a stream are still open: seen, finished by the backend, or stopped here. Every question is O(1), for a batch has very many. */
export class OpenAnswers {
  readonly #asked: number;
  readonly #seen = new Set<string>();
  readonly #finished = new Set<string>();
  readonly #stopped = new Set<string>();
  readonly #order: string[] = [];
  /** How many of the seen ones are finished or stopped. */
  #over = 0;
  /** How many of the stopped ones the backend has not finished. */
  #inVain = 0;

  /** @param asked how many answers the request asks for, so that one which has not begun is not taken for closed */
  constructor(asked: number) {
    this.#asked = asked;
  }

  /** The stopped ones; of these nothing may follow. */
  get stopped(): ReadonlySet<string> {
    return this.#stopped;
  }

  /** Whether an answer was stopped and every other one is over: the client can get nothing more. */
  get nothingLeft(): boolean {
    return this.#stopped.size > 0 && this.#over >= Math.max(this.#asked, this.#seen.size);
  }

  /** Whether the backend still works on an answer that was stopped here. */
  get workInVain(): boolean {
    return this.#inVain > 0;
  }

  see(answers: readonly string[]): void {
    for (const answer of answers) {
      if (this.#seen.has(answer)) continue;
      this.#seen.add(answer);
      if (this.#finished.has(answer)) this.#over += 1;
    }
  }

  finish(answers: readonly string[]): void {
    for (const answer of answers) {
      if (this.#finished.has(answer)) continue;
      this.#finished.add(answer);
      if (this.#stopped.has(answer)) this.#inVain -= 1;
      else if (this.#seen.has(answer)) this.#over += 1;
    }
  }

  stop(answer: string): void {
    if (this.#stopped.has(answer)) return;
    this.see([answer]);
    this.#stopped.add(answer);
    this.#order.push(answer);
    if (this.#finished.has(answer)) return;
    this.#over += 1;
    this.#inVain += 1;
  }

  /** The answers that were stopped after that many, in the order they were. */
  stoppedSince(count: number): readonly string[] {
    return this.#order.slice(count);
  }
}
