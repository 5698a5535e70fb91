/** What one side asks of the other: by the name of each call, what is given with it and what comes back. */
export type Calls = Readonly<Record<string, { readonly ask: unknown; readonly answer: unknown }>>;

/** Answers the calls of the other side. */
export type Handlers<In extends Calls> = {
  readonly [Name in keyof In]: (ask: In[Name]['ask']) => In[Name]['answer'] | Promise<In[Name]['answer']>;
};

/** What messages are sent and come by: one end of the pipe between two processes. */
export interface Pipe {
  /** Calls back when it is handed over, or with the error that kept it from that. */
  send(message: unknown, done: (error: Error | null) => void): void;
  onMessage(listener: (message: unknown) => void): void;
}

interface Message {
  /** Of a call that wants an answer, and of its answer. */
  readonly id?: number;
  readonly call?: string;
  readonly body?: unknown;
  /** Why there is no answer. */
  readonly error?: string;
}

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls between two processes of one version of this code. Messages are JSON; what comes is not validated. */
export class Channel<Out extends Calls, In extends Calls> {
  readonly #pipe: Pipe;
  readonly #handlers: Handlers<In>;
  readonly #pending = new Map<number, Pending>();
  #count = 0;
  #gone: Error | undefined;

  constructor(pipe: Pipe, handlers: Handlers<In>) {
    this.#pipe = pipe;
    this.#handlers = handlers;
    pipe.onMessage((message) => this.#receive(message as Message));
  }

  /** Asks and resolves to the answer. Rejects when the other side failed, is gone, or takes longer than `timeoutMs`. */
  ask<Name extends keyof Out & string>(
    call: Name,
    body: Out[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Out[Name]['answer']> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      const late = (): void => this.#settle(id)?.reject(new Error(`no answer to ${call} within ${timeoutMs} ms`));
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      const settled = (): void => clearTimeout(timer);
      this.#pending.set(id, {
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#pipe.send({ id, call, body } satisfies Message, (error) => {
        if (error !== null) this.#settle(id)?.reject(error);
      });
    });
  }

  /** Tells something that nobody answers. Resolves once it is handed over, also when the other side is gone. */
  tell<Name extends keyof Out & string>(call: Name, body: Out[Name]['ask']): Promise<void> {
    return new Promise((resolve) => this.#pipe.send({ call, body } satisfies Message, () => resolve()));
  }

  /** Lets go of every call that waits, for the other side is gone. */
  close(reason: string): void {
    this.#gone = new Error(reason);
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(this.#gone);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #receive(message: Message): void {
    const { id, call, body, error } = message;
    if (call !== undefined) void this.#answer(call, message);
    else if (id === undefined) return;
    else if (error === undefined) this.#settle(id)?.resolve(body);
    else this.#settle(id)?.reject(new Error(error));
  }

  async #answer(call: string, { id, body }: Message): Promise<void> {
    let answer: Message;
    try {
      answer = { body: await this.#handlers[call]?.(body) };
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    if (id !== undefined) this.#pipe.send({ ...answer, id } satisfies Message, () => undefined);
  }
}
