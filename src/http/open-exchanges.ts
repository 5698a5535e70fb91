import type { Server, ServerResponse } from 'node:http';

/** The exchanges that a server is in the middle of. */
export class OpenExchanges {
  readonly #open = new Set<ServerResponse>();

  constructor(server: Server) {
    server.prependListener('request', (_req, res) => {
      this.#open.add(res);
      res.once('close', () => this.#open.delete(res));
    });
  }

  get count(): number {
    return this.#open.size;
  }

  /** Resolves once every exchange that is open now is over; later ones do not matter. */
  async settled(): Promise<void> {
    const closed = [...this.#open].map((res) => new Promise<void>((resolve) => res.once('close', () => resolve())));
    await Promise.all(closed);
  }
}
