import { Ollama } from 'ollama';
import type { Ending, FormatDriver, Piece, PieceKind, SeenAnswer } from './format-driver.js';

const ENVELOPE = { model: 'm', created_at: '2026-01-01T00:00:00Z' };
const METRICS = { total_duration: 3, prompt_eval_count: 1, eval_count: 2 };
const ENDINGS: Readonly<Record<string, Ending>> = { stop: 'stop', content_filter: 'filtered' };
// The input of a tool comes as one object, never in pieces; see `ollama.test.ts`.
const LACKS = new Set<PieceKind | 'second answer'>(['tool', 'second answer']);

/** What the two paths of Ollama have in common, in what the client returns. */
interface Part {
  readonly done: boolean;
  readonly done_reason?: string;
  readonly moderation?: { readonly notice?: string };
}

/** What tells `/api/chat` from `/api/generate`. */
interface Kind {
  readonly name: string;
  /** A line or body with this text and thinking. */
  say(text: string, thinking: string): object;
  ask(client: Ollama, input: string, stream: boolean): Promise<unknown>;
  read(part: unknown): { readonly text: string; readonly reasoning: string };
}

/** Ollama chat. */
export const ollamaChatDriver = createDriver({
  name: 'chat',
  say: (content, thinking) => ({ message: { role: 'assistant', content, ...(thinking === '' ? {} : { thinking }) } }),
  ask: (client, content, stream) => {
    const request = { model: 'm', messages: [{ role: 'user', content }] };
    return stream ? client.chat({ ...request, stream: true }) : client.chat(request);
  },
  read: (part) => {
    const { message } = part as { readonly message: { readonly content: string; readonly thinking?: string } };
    return { text: message.content, reasoning: message.thinking ?? '' };
  },
});

/** Ollama generate. */
export const ollamaGenerateDriver = createDriver({
  name: 'generate',
  say: (response, thinking) => ({ response, ...(thinking === '' ? {} : { thinking }) }),
  ask: (client, prompt, stream) => {
    const request = { model: 'm', prompt };
    return stream ? client.generate({ ...request, stream: true }) : client.generate(request);
  },
  read: (part) => {
    const { response, thinking } = part as { readonly response: string; readonly thinking?: string };
    return { text: response, reasoning: thinking ?? '' };
  },
});

function createDriver({ name, say, ask, read }: Kind): FormatDriver {
  return {
    name: `ollama-${name}`,
    path: `/api/${name}`,
    streamType: 'application/x-ndjson',
    lacks: LACKS,

    wholeOf({ pieces }) {
      const said = (kind: PieceKind) => joined(pieces.filter((piece) => piece.kind === kind));
      return { ...ENVELOPE, ...say(said('text'), said('reasoning')), done: true, done_reason: 'stop', ...METRICS };
    },

    streamOf({ pieces, afterFinish }) {
      const line = (text: string, thinking: string, more: object = { done: false }): string =>
        `${JSON.stringify({ ...ENVELOPE, ...say(text, thinking), ...more })}\n`;
      return [
        ...pieces.map(({ kind, text }) => (kind === 'text' ? line(text, '') : line('', text))),
        line('', '', { done: true, done_reason: 'stop', context: [1, 2], ...METRICS }),
        ...(afterFinish === undefined ? [] : [line(afterFinish, '')]),
      ];
    },

    async ask({ url, input, stream, fetch }) {
      const reply = await ask(new Ollama({ host: url, fetch }), input, stream);
      const parts: Part[] = [];
      if (stream) for await (const part of reply as AsyncIterable<Part>) parts.push(part);
      else parts.push(reply as Part);
      let text = '';
      let reasoning = '';
      for (const part of parts) {
        const said = read(part);
        text += said.text;
        reasoning += said.reasoning;
      }
      const last = parts.at(-1);
      const notice = last?.moderation?.notice;
      // Clients have no other place to tell a block than the text.
      if (notice !== undefined) expect(text.endsWith(notice)).toBe(true);
      const own = notice === undefined ? text : text.slice(0, -notice.length).replace(/\n\n$/, '');
      const ending = last?.done === true ? (ENDINGS[last.done_reason ?? ''] ?? 'open') : 'open';
      return [{ text: own, reasoning, tool: '', ending }] satisfies readonly SeenAnswer[];
    },

    expectBlockedInput(error) {
      expect(error).toMatchObject({ name: 'ResponseError', status_code: 400 });
      expect((error as Error).message).toMatch(/withheld/);
    },

    expectWellFormed(wire) {
      const lines = wire.split('\n');
      expect(lines.pop()).toBe('');
      const parsed = lines.map((line) => JSON.parse(line));
      expect(parsed.map(({ done }) => done)).toEqual([...lines.slice(1).map(() => false), true]);
      for (const line of parsed) expect(line).toMatchObject(ENVELOPE);
    },
  };
}

function joined(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}
