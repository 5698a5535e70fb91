/** Where a server listens. */
export interface ListenAddress {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Host and port of a `host:port` text that the config schema has accepted. */
export function parseListenAddress(address: string): ListenAddress {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
