import type { Config } from '../config/index.js';
import { subjectId } from '../store/index.js';
import type { Headers } from './route-table.js';

/** Returns the keyed hash of whoever sent a request; undefined when the request does not say. */
export type IdentifySubject = (headers: Headers) => string | undefined;

/** Returns how requests are told apart by the config; `key` is undefined only where nobody is. */
export function createSubjects(config: Config['subject'], key: Uint8Array | undefined): IdentifySubject {
  if (key === undefined || config.from === 'none') return () => undefined;
  const names = config.from === 'header' ? [config.header ?? ''] : ['authorization', 'x-api-key', 'api-key'];
  return (headers) => {
    for (const name of names) {
      const value = headerText(headers[name.toLowerCase()], name);
      if (value !== '') return subjectId(key, value);
    }
    return undefined;
  };
}

function headerText(value: string | readonly string[] | undefined, name: string): string {
  const text = (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
  // The scheme in any case, and the key without it, are the same client.
  return name === 'authorization' ? text.replace(/^(?:bearer|basic)\s+/i, '') : text;
}
