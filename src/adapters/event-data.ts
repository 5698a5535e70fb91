import { StreamError } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import { isJsonObject, type JsonObject, parseJson } from './json.js';
import { hasRepeatedKeys, isDeeperThan } from './json-shape.js';
import { writeJson } from './write-json.js';

/** Key under which the data of an event is read that is no object. No format has it, so that it counts as unknown. */
export const BARE_DATA = 'bare_event_data';

/** Values of events that `unambiguous` has parsed, until somebody reads them: parsing is a good part of what an event costs. */
const parsed = new WeakMap<StreamEvent, unknown>();

/**
 * Returns the JSON value that an event carries, a new one each time.
 * @throws {StreamError} when it is not JSON.
 */
export function parseEventData(event: StreamEvent): unknown {
  const known = parsed.get(event);
  if (known !== undefined) {
    // Whoever reads a value may change it.
    parsed.delete(event);
    return known;
  }
  try {
    return JSON.parse(event.data);
  } catch (cause) {
    throw new StreamError('An event of the stream is not valid JSON.', { cause });
  }
}

/** Returns the data of an event as an object: what is none, such as a bare string or a list, stands under `BARE_DATA`. Never throws. */
export function asEventObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : { [BARE_DATA]: value };
}

/** Returns as JSON what `asEventObject` made an object of; `bare` says that it was none before. */
export function eventJson(object: JsonObject, bare: boolean): string {
  return JSON.stringify(bare ? object[BARE_DATA] : object);
}

/**
 * Returns an event of JSON as every reader reads it: of a key that stands twice only the last value is left, which is the one
 * that is judged. The very event when there is none, or when the data is no JSON.
 * @throws {StreamError} when it nests deeper than `maxJsonDepth` levels.
 */
export function unambiguous(event: StreamEvent, maxJsonDepth: number): StreamEvent {
  const { data } = event;
  if (isDeeperThan(data, maxJsonDepth)) {
    throw new StreamError(`An event of the stream is nested deeper than ${maxJsonDepth} levels.`);
  }
  const value = parseJson(data);
  if (value === undefined) return event;
  const exact = hasRepeatedKeys(data, value) ? { ...event, data: writeJson(value, data) } : event;
  parsed.set(exact, value);
  return exact;
}
