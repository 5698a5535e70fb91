import { openaiChat } from '../../src/adapters/index.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtCompose, builtConfig } from '../support/built.js';
import { corpusText } from '../support/corpus.js';
import { expectEqual, passOver, race } from '../support/measure.js';

const CHARS = 1200;
/** Characters of a piece; the text whole first. */
const PIECES = [CHARS, 256, 64, 8, 1] as const;
const HEAD =
  'data: {"id":"r1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":';
const TAIL = '},"finish_reason":null}]}\n\n';
const CLOCK = { now: () => 0 };

/** What a stream costs by the size of its pieces: the judging alone, and whole events in and out. */
export const benchmark: Benchmark = {
  about:
    'An answer of 1,200 benign characters in pieces of all, 256, 64, 8 and 1: time to judge it, and to take its events from bytes to bytes; bounds: one pass of charCodeAt, and parsing the same events.',
  run: measureStreamPush,
};

async function measureStreamPush(): Promise<Measurement[]> {
  const config = builtConfig().parseConfig({ store: 'none', log: { level: 'silent' } }, 'stream-push');
  const { moderator, screen, close } = await builtCompose().compose(config, { record: false });
  const { policy } = screen.route('/', {});
  const text = corpusText({ corpus: 'en', chars: CHARS });
  const results: Measurement[] = [];
  const exchange = { requestId: 'r', path: '/', policy, asked: { stream: true, answers: 1, usage: false } };
  const judge = (pieces: readonly string[]): string => {
    const stream = moderator.openStream({ direction: 'output', policy, clock: CLOCK });
    let left = '';
    for (const piece of pieces) left += stream.push(piece);
    return left + stream.end();
  };
  const relay = (chunks: readonly Buffer[]): string => {
    const stream = screen.openStream(openaiChat, exchange);
    let wire = '';
    for (const chunk of chunks) wire += stream.push(chunk);
    return wire + stream.end();
  };
  for (const size of PIECES) {
    const pieces = text.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
    const chunks = pieces.map((piece) => Buffer.from(HEAD + JSON.stringify(piece) + TAIL));
    expectEqual(`text that left, pieces of ${size}`, judge(pieces), text);
    expectEqual(`text on the wire, pieces of ${size}`, textOf(relay(chunks)), text);
    const ms = race({
      charCodeAt: () => passOver(text),
      parsing: () => chunks.forEach((chunk) => void JSON.parse(chunk.toString().slice('data: '.length))),
      judge: () => void judge(pieces),
      relay: () => void relay(chunks),
    });
    const name = size === CHARS ? 'whole' : `pieces of ${size}`;
    results.push(
      line(`judging, ${name}`, ms.judge, { charCodeAt: ms.judge / ms.charCodeAt }),
      line(`events, ${name}`, ms.relay, { 'parsing the events': ms.relay / ms.parsing, judging: ms.relay / ms.judge }),
      { ...line(`events, ${name}`, ms.relay / pieces.length, {}), metric: 'time per event' },
    );
  }
  await close();
  return results;
}

function line(name: string, ms: number, ratios: Record<string, number>): Measurement {
  return { case: name, metric: 'time per answer', value: ms * 1000, unit: 'µs', ratios };
}

/** The text of the events on the wire. */
function textOf(wire: string): string {
  const events = wire.split('\n\n').filter((event) => event !== '');
  return events
    .map((event) => {
      const { choices } = JSON.parse(event.slice('data: '.length)) as { choices: { delta: { content?: string } }[] };
      return choices[0]?.delta.content ?? '';
    })
    .join('');
}
