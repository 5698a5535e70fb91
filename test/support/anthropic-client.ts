import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream';
import type { Message } from '@anthropic-ai/sdk/resources/messages';

/** Returns the message that the official client makes of the events of a stream. */
export function accumulate(events: readonly object[]): Promise<Message> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  return MessageStream.fromReadableStream(new Blob([lines]).stream()).finalMessage();
}
