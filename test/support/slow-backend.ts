import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend whose answers are sent piece by piece, when the test says so. */
export class SlowBackend {
  readonly #server: Server;
  readonly #arrived: ServerResponse[] = [];
  readonly #waiting: ((res: ServerResponse) => void)[] = [];
  /** Requests that were sent to it so far. */
  requests = 0;

  private constructor() {
    this.#server = createServer((req, res) => {
      req.resume();
      this.requests += 1;
      const next = this.#waiting.shift();
      if (next === undefined) this.#arrived.push(res);
      else next(res);
    });
  }

  static async start(): Promise<SlowBackend> {
    const backend = new SlowBackend();
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next request's response, once the request is there. */
  async next(): Promise<ServerResponse> {
    return this.#arrived.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A frame of a chat stream. */
export function chatFrame(content: string, finish: string | null = null): string {
  const choices = [{ index: 0, delta: { content }, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices })}\n\n`;
}
