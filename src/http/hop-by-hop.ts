/** Headers that concern one connection only (RFC 9110 section 7.6.1), and `host` and `expect`, which each side says for itself. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'expect',
];

/**
 * Returns the headers that may pass from one side to the other: names and values alternating, in the order, case and
 * number they came in, without those of the connection, those that `Connection` names, and those in `without`.
 *
 * @param raw names and values alternating, as `IncomingMessage.rawHeaders` has them
 * @param without names in lower case
 */
export function forwardable(raw: readonly string[], without: readonly string[] = []): string[] {
  const dropped = new Set([...HOP_BY_HOP, ...without]);
  for (const [name, value] of pairs(raw)) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const named of value.split(',')) dropped.add(named.trim().toLowerCase());
  }
  return pairs(raw)
    .filter(([name]) => !dropped.has(name.toLowerCase()))
    .flat();
}

/** Returns the values of one header, joined with commas; empty when there is none. */
export function headerValue(raw: readonly string[], wanted: string): string {
  return pairs(raw)
    .filter(([name]) => name.toLowerCase() === wanted)
    .map(([, value]) => value)
    .join(', ');
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: Math.floor(raw.length / 2) }, (_, index) => {
    return [raw[2 * index] ?? '', raw[2 * index + 1] ?? ''];
  });
}
