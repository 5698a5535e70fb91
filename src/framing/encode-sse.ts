import { StreamError } from '../core/index.js';
import type { StreamEvent } from './stream-event.js';

const LINE_BREAK = /\r\n|\r|\n/;

/**
 * Returns the wire form of an event, ending in a blank line.
 *
 * @throws {StreamError} when `event`, `id` or `comment` holds a line break, which would forge further lines.
 */
export function encodeSse(event: StreamEvent): string {
  // Nearly all are no more than a line of data.
  const { comment, event: name, id, data } = event;
  if (comment === undefined && name === undefined && id === undefined && !LINE_BREAK.test(data))
    return `data: ${data}\n\n`;
  let wire = '';
  if (comment !== undefined) wire += `: ${singleLine('comment', comment)}\n`;
  if (name !== undefined) wire += `event: ${singleLine('event', name)}\n`;
  if (id !== undefined) wire += `id: ${singleLine('id', id)}\n`;
  if (comment === undefined || data !== '') {
    for (const line of data.split(LINE_BREAK)) wire += `data: ${line}\n`;
  }
  return `${wire}\n`;
}

function singleLine(field: string, value: string): string {
  if (LINE_BREAK.test(value)) throw new StreamError(`The ${field} of an event must not hold a line break.`);
  return value;
}
