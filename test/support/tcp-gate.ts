import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server that is to be there and gone. */
export class TcpGate {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: 'open' | 'shut' | 'hung' = 'open';

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<TcpGate> {
    const gate = new TcpGate(target);
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection, and those to come. */
  shut(): void {
    this.#state = 'shut';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets nothing through any more, and cuts nothing: as a server that does not answer. */
  hang(): void {
    this.#state = 'hung';
    for (const socket of this.#sockets) socket.pause();
  }

  open(): void {
    this.#state = 'open';
    for (const socket of this.#sockets) socket.resume();
  }

  stop(): void {
    this.shut();
    this.#server.close();
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#state === 'shut') {
      client.destroy();
      return;
    }
    const server = connect(this.#target);
    server.on('error', () => client.destroy());
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server).pipe(client);
    if (this.#state === 'hung') for (const socket of [client, server]) socket.pause();
  }
}
