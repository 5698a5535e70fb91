import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseListenAddress } from '../config/index.js';
import { ConfigError } from '../core/index.js';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already; stop it or choose another port',
  EACCES: 'this user may not listen there; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'the host name is not known',
};

/** How to listen. */
export interface ListenOptions {
  /** Whether the connections are for this process alone, also when it is one of several workers. */
  readonly exclusive?: boolean;
}

/**
 * Starts to listen and returns the address in use, which tells the port when 0 was asked for.
 * @throws {ConfigError} when nobody can listen there; `setting` names the config key to change.
 */
export async function listen(
  server: Server,
  address: string,
  setting: string,
  { exclusive = false }: ListenOptions = {},
): Promise<string> {
  const { host, port } = parseListenAddress(address);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    const message = `cannot listen on ${address}: ${REASONS[code] ?? code}`;
    throw new ConfigError('listening', [{ path: setting, message }], { cause });
  }
  const used = server.address() as AddressInfo;
  return used.family === 'IPv6' ? `[${used.address}]:${used.port}` : `${used.address}:${used.port}`;
}
