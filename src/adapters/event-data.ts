import { StreamError } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';

/**
 * Returns the JSON value that an event carries.
 * @throws {StreamError} when it is not JSON.
 */
export function parseEventData({ data }: StreamEvent): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new StreamError('An event of the stream is not valid JSON.', { cause });
  }
}
