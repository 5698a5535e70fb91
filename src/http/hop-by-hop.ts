/** Headers that concern one connection only (RFC 9110 section 7.6.1), and `host` and `expect`, which each side says for itself. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
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
]);

/**
 * Returns the headers that may pass from one side to the other: names and values alternating, in the order, case and
 * number they came in, without those of the connection, those that `Connection` names, and those in `without`.
 *
 * @param raw names and values alternating, as `IncomingMessage.rawHeaders` has them
 * @param without names in lower case
 */
export function forwardable(raw: readonly string[], without: readonly string[] = []): string[] {
  let named: Set<string> | undefined;
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]];
    const lower = name.toLowerCase();
    if (lower === 'connection') {
      named ??= new Set();
      for (const each of value.split(',')) named.add(each.trim().toLowerCase());
    } else if (!HOP_BY_HOP.has(lower) && !without.includes(lower)) kept.push(name, value);
  }
  return named === undefined || !names(kept, named) ? kept : forwardable(kept, [...without, ...named]);
}

/** Returns the values of one header, joined with commas; empty when there is none. */
export function headerValue(raw: readonly string[], wanted: string): string {
  let found: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]];
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found ?? '';
}

function names(headers: readonly string[], wanted: ReadonlySet<string>): boolean {
  for (let at = 0; at < headers.length; at += 2) if (wanted.has((headers[at] ?? '').toLowerCase())) return true;
  return false;
}
