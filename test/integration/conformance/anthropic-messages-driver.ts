import Anthropic, { BadRequestError } from '@anthropic-ai/sdk';
import {
  call,
  eventsOf,
  messageOf,
  readMessageWire,
  type StreamedBlock,
  text,
  thinking,
  wireOf,
} from '../../support/anthropic-backend.js';
import type { Ending, FormatDriver, Piece, PieceKind, SeenAnswer } from './format-driver.js';

const BLOCKS: Readonly<Record<PieceKind, (...pieces: string[]) => StreamedBlock>> = {
  text,
  reasoning: thinking,
  tool: call,
};
const ENDINGS: Readonly<Record<string, Ending>> = { end_turn: 'stop', tool_use: 'tool', refusal: 'filtered' };

/** Anthropic Messages; the stream is read as raw events, for the input of a broken-off tool call is in no message. */
export const anthropicMessagesDriver: FormatDriver = {
  name: 'anthropic-messages',
  path: '/v1/messages',
  streamType: 'text/event-stream',
  lacks: new Set(['second answer']),

  wholeOf({ pieces }) {
    return messageOf(blocksOf(pieces));
  },

  streamOf({ pieces, afterFinish }) {
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: afterFinish } };
    const events = [...eventsOf(blocksOf(pieces)), ...(afterFinish === undefined ? [] : [delta])];
    return events.map((event) => wireOf([event]));
  },

  async ask({ url, input, stream, fetch }) {
    const client = new Anthropic({ baseURL: url, apiKey: 'none', fetch });
    const messages = [{ role: 'user' as const, content: input }];
    const request = { model: 'claude-test', max_tokens: 9, messages };
    if (!stream) {
      const { content, stop_reason: reason } = await client.messages.create(request);
      const said = content.map((block) => ({
        text: block.type === 'text' ? block.text : '',
        reasoning: block.type === 'thinking' ? block.thinking : '',
        tool: block.type === 'tool_use' ? JSON.stringify(block.input) : '',
      }));
      const join = (key: 'text' | 'reasoning' | 'tool') => said.map((block) => block[key]).join('');
      const seen = { text: join('text'), reasoning: join('reasoning'), tool: join('tool') };
      return [{ ...seen, ending: ENDINGS[reason ?? ''] ?? 'open' }];
    }
    const seen = { text: '', reasoning: '', tool: '', ending: 'open' as Ending };
    for await (const event of await client.messages.create({ ...request, stream: true })) {
      if (event.type === 'message_delta') seen.ending = ENDINGS[event.delta.stop_reason ?? ''] ?? 'open';
      if (event.type !== 'content_block_delta') continue;
      const { delta } = event;
      if (delta.type === 'text_delta') seen.text += delta.text;
      if (delta.type === 'thinking_delta') seen.reasoning += delta.thinking;
      if (delta.type === 'input_json_delta') seen.tool += delta.partial_json;
    }
    return [seen satisfies SeenAnswer];
  },

  expectBlockedInput(error) {
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ type: 'invalid_request_error', errorCode: 'content_filter' });
  },

  expectWellFormed(wire) {
    readMessageWire(wire);
  },
};

/** Pieces of one kind in a row are one block. */
function blocksOf(pieces: readonly Piece[]): StreamedBlock[] {
  const runs: { readonly kind: PieceKind; readonly texts: string[] }[] = [];
  for (const { kind, text: piece } of pieces) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.texts.push(piece);
    else runs.push({ kind, texts: [piece] });
  }
  return runs.map(({ kind, texts }) => BLOCKS[kind](...texts));
}
