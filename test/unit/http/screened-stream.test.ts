import { openaiChat } from '../../../src/adapters/index.js';
import type { Exchange } from '../../../src/http/index.js';
import { DONE, frame, readWire } from '../../support/proxy-fixture.js';
import { openScreened } from '../../support/screened-stream.js';

const USAGE = 'data: {"id":"c1","choices":[],"usage":{"total_tokens":9}}\n\n';

function open(asked?: Exchange['asked']) {
  return openScreened(openaiChat, { ...(asked === undefined ? {} : { asked }) });
}

describe('ScreenedStream', () => {
  it('ends a blocked stream with the vetted text, the finish reason and [DONE]', () => {
    const { stream, push, entries } = open();
    const wire = push(frame('well then '), frame('grumpf it is'));
    const { text, finish, done, chunks } = readWire(wire);
    expect(text()).toBe('well then ');
    expect(finish()).toEqual(['content_filter']);
    expect(done).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ id: 'c1', created: 7, model: 'm', choices: [{ index: 0, delta: {} }] });
    expect(chunks.at(-1).moderation).toMatchObject({ blocked: true, category: 'abusive', hit_id: 'r1' });
    expect(stream.blocked).toBe(true);
    expect(push(frame('more')) + stream.end()).toBe('');
    expect(entries).toMatchObject([{ field: 'choices[0].content', applied: 'block' }]);
  });

  it('stops one answer of two and lets the other go on', () => {
    const { stream, push } = open({ stream: true, answers: 2, usage: false });
    let wire = push(frame('a '), frame('grumpf now ', { index: 0 }), frame('fine ', { index: 1 }));
    expect(stream.blocked).toBe(false);
    wire += push(frame('secret '), frame('still fine ', { index: 1 }), frame(undefined, { finish: 'stop' }));
    wire += push(frame(undefined, { index: 1, finish: 'stop' }), DONE) + stream.end();
    const read = readWire(wire);
    expect([read.text(0), read.text(1)]).toEqual(['a ', 'fine still fine ']);
    expect([read.finish(0), read.finish(1)]).toEqual([['content_filter'], ['stop']]);
    expect(read.done).toBe(true);
    expect(wire).not.toContain('secret');
  });

  it('ends the stream once every answer is stopped, also when they share events', () => {
    const { stream, push } = open({ stream: true, answers: 2, usage: false });
    const both = (left: string, right: string): string => {
      const choices = [left, right].map((content, index) => ({ index, delta: { content }, finish_reason: null }));
      return `data: ${JSON.stringify({ id: 'c1', choices })}\n\n`;
    };
    const first = push(both('grumpf now ', 'fine '));
    expect(stream.blocked).toBe(false);
    expect(readWire(first).text(1)).toBe('fine ');
    const second = push(both('x', 'grumpf now '));
    expect(stream.blocked).toBe(true);
    expect(readWire(first + second).finish(0)).toEqual(['content_filter']);
    expect(readWire(first + second).finish(1)).toEqual(['content_filter']);
    expect(readWire(second).done).toBe(true);
  });

  it('ends once the last open answer finishes while the backend works on a stopped one', () => {
    const { stream, push } = open({ stream: true, answers: 2, usage: false });
    push(frame('grumpf now '), frame('fine', { index: 1 }));
    const wire = push(frame(undefined, { index: 1, finish: 'stop' }));
    expect(readWire(wire)).toMatchObject({ done: true });
    expect(stream.blocked).toBe(true);
  });

  it.each([
    ['was seen', [frame('ok ', { extra: { usage: { total_tokens: 4 } } })], [{ total_tokens: 4 }]],
    ['was not seen', [frame('ok ')], []],
  ])('repeats a usage that was asked for only if one %s', (_, before, expected) => {
    const { push } = open({ stream: true, answers: 1, usage: true });
    const { chunks, done } = readWire(push(...before, frame('grumpf now ')));
    expect(chunks.filter((chunk) => chunk.usage && chunk.choices.length === 0).map((chunk) => chunk.usage)).toEqual(
      expected,
    );
    expect(done).toBe(true);
  });

  it('waits for the usage when the block comes with the end of the answer', () => {
    const { stream, push } = open({ stream: true, answers: 1, usage: true });
    const wire = push(frame('a grumpf'), frame(undefined, { finish: 'stop' }), USAGE, DONE) + stream.end();
    const { finish, chunks, events } = readWire(wire);
    expect(finish()).toEqual(['content_filter']);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 9 } });
    expect(events.filter((data) => data === '[DONE]')).toHaveLength(1);
  });

  it('sends nothing after [DONE]', () => {
    const { stream, push } = open();
    expect(push(frame('ok'), DONE, frame('grumpf'), ': late\n\n') + stream.end()).toMatch(/\[DONE\]\n\n$/);
  });

  it('closes a half-sent tool call with the finish reason', () => {
    const { push } = open();
    const call = (args: string, head = {}): string =>
      frame(undefined, {
        extra: {
          choices: [
            {
              index: 0,
              delta: { tool_calls: [{ index: 0, ...head, function: { arguments: args } }] },
              finish_reason: null,
            },
          ],
        },
      });
    const wire = push(call('{"a": "x ', { id: 't1' }), call('grumpf and '), call('more"}'));
    expect(wire).not.toContain('grumpf');
    expect(readWire(wire)).toMatchObject({ done: true });
    expect(readWire(wire).finish()).toEqual(['content_filter']);
  });

  it.each([
    { cut: 'a key in an event of its own', pieces: ['{"', 'q', '":"well grumpf now"}'] },
    { cut: 'all in one event', pieces: ['{"q":"well grumpf now"}'] },
  ])('lets a key that waited leave before a string that is blocked: $cut', ({ pieces }) => {
    const output = { mode: 'answer', maxChars: 3, maxMs: Number.POSITIVE_INFINITY, onLimit: 'release' } as const;
    const { push } = openScreened(openaiChat, { policy: { hold: { input: output, output } } });
    const wire = push(
      ...pieces.map((args) =>
        frame(undefined, {
          extra: { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: args } }] } }] },
        }),
      ),
    );
    const { chunks } = readWire(wire);
    const args = chunks.map(({ choices }) => choices?.[0]?.delta?.tool_calls?.[0]?.function?.arguments ?? '');
    expect(args.join('')).toBe('{"q":"we');
  });

  it('flushes what is held at a normal end without [DONE]', () => {
    const { stream, push } = open();
    const wire = push(frame('gru'), frame(undefined, { finish: 'stop' })) + stream.end();
    expect(readWire(wire)).toMatchObject({ done: false });
    expect(readWire(wire).text()).toBe('gru');
  });

  it('flushes vetted text of a stream that was cut, and says that it broke', () => {
    const { stream, push, entries } = open();
    push(frame('blip and gru'), 'data: {"half');
    const { text, done, chunks } = readWire(stream.cut());
    expect(text()).toBe('gru');
    expect(done).toBe(false);
    expect(chunks.at(-1)).toMatchObject({ error: { type: 'api_error', code: 'stream_broken' } });
    expect(stream.failure?.code).toBe('ERR_SLUICE_STREAM');
    expect(entries).toMatchObject([{ action: 'flag' }]);
    expect(stream.cut()).toBe('');
  });

  it('records what a held word turns out to be when the stream is cut', () => {
    const { stream, push, entries } = open();
    push(frame('a grumpf'));
    expect(readWire(stream.cut()).finish()).toEqual(['content_filter']);
    expect(entries).toMatchObject([{ action: 'block' }]);
  });

  it.each([
    ['too large', `data: ${'x'.repeat(11_000)}`],
    ['not JSON', 'data: {oops}\n\n'],
  ])('ends in the way of the format at an event that is %s, after what came before', (_, broken) => {
    const { stream, push } = open();
    const wire = push(`${frame('first ')}${broken}`);
    expect(readWire(wire).text()).toBe('first ');
    expect(readWire(wire).chunks.at(-1)).toMatchObject({ error: { code: 'stream_broken' } });
    expect(readWire(wire).done).toBe(false);
    expect(stream.blocked).toBe(true);
    expect(push(frame('after'))).toBe('');
  });

  it.each([
    ['an empty string', ''],
    ['the word null', 'null'],
  ])('does not take %s for the end of an answer', (_, finish) => {
    const { push } = open();
    const wire = push(frame('gru', { finish }), frame('mpf it is', { finish }));
    expect(readWire(wire).text()).toBe('');
    expect(readWire(wire).finish()).toContain('content_filter');
  });

  it('drops text after the end of its answer, so that no word is put together there', () => {
    const { stream, push } = open();
    const wire = push(frame('gru', { finish: 'stop' }), frame('mpf it is')) + stream.end();
    expect(readWire(wire).text()).toBe('gru');
  });

  it('lets comments pass while text is held', () => {
    const { push } = open();
    expect(readWire(push(frame('gru'))).text()).toBe('');
    expect(push(': keep-alive\n\n')).toBe(': keep-alive\n\n');
  });

  it('screens the text of an error event and keeps the rest', () => {
    const { push, entries } = open();
    const wire = push('data: {"error":{"message":"cannot say zorgblat","type":"server_error","code":500}}\n\n');
    expect(readWire(wire).chunks).toEqual([{ error: { message: 'cannot say #', type: 'server_error', code: 500 } }]);
    expect(entries).toHaveLength(1);
  });

  it('replaces a blocked error message by a notice', () => {
    const { push } = open();
    const wire = push('data: {"error":{"message":"grumpf"}}\n\n');
    expect(readWire(wire).chunks[0].error.message).toMatch(/withheld.*r1/);
  });
});
