import { StreamError } from '../core/index.js';
import type { StreamEvent } from './stream-event.js';

const LINE_BREAK = /\r\n|\r|\n/;

/**
 * Returns the wire form of an event, ending in a blank line.
 *
 * @throws {StreamError} when `event`, `id` or `comment` holds a line break, which would forge further lines.
 */
export function encodeSse(event: StreamEvent): string {
  let wire = '';
  if (event.comment !== undefined) wire += `: ${singleLine('comment', event.comment)}\n`;
  if (event.event !== undefined) wire += `event: ${singleLine('event', event.event)}\n`;
  if (event.id !== undefined) wire += `id: ${singleLine('id', event.id)}\n`;
  if (event.comment === undefined || event.data !== '') {
    for (const line of event.data.split(LINE_BREAK)) wire += `data: ${line}\n`;
  }
  return `${wire}\n`;
}

function singleLine(field: string, value: string): string {
  if (LINE_BREAK.test(value)) throw new StreamError(`The ${field} of an event must not hold a line break.`);
  return value;
}
