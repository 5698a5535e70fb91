import { type Adapter, adapterNamed } from '../../../src/adapters/index.js';
import { type Framing, NDJSON, SSE } from '../../../src/framing/index.js';
import { openScreened } from '../../support/screened-stream.js';

/** The formats whose streams carry text, by name and framing. */
const WIRES: readonly (readonly [name: string, adapter: Adapter, framing: Framing])[] = [
  ...(['openai-chat', 'openai-completions', 'openai-responses', 'anthropic-messages', 'openai-images'] as const).map(
    (name) => [name, adapterNamed(name), SSE] as const,
  ),
  ...(['ollama-chat', 'ollama-generate', 'anthropic-batch-results'] as const).map(
    (name) => [name, adapterNamed(name), NDJSON] as const,
  ),
];

const ASKED = { stream: true, answers: 1, usage: false };

function screened(
  { adapter, framing }: { adapter: Adapter; framing: Framing },
  values: readonly unknown[],
  policy = {},
) {
  const { stream, entries, metrics } = openScreened(adapter, { asked: ASKED, framing, policy });
  let wire = '';
  for (const value of values) wire += stream.push(Buffer.from(framing.encode({ data: JSON.stringify(value) })));
  return { wire: wire + stream.end(), entries, stream, metrics };
}

/** Those of which each event stands for itself, so that nothing is read on. */
const OF_WHOLES = ['anthropic-batch-results'];

describe.each(WIRES)('events of no format in a stream of %s', (name, adapter, framing) => {
  const at = { adapter, framing };

  it.each<[name: string, value: (text: string) => unknown]>([
    ['a bare string', (text) => text],
    ['a list', (text) => [text]],
    ['a list in a list', (text) => [['x', [text]]]],
    ['a list of objects', (text) => [{ choices: [{ delta: { content: text } }] }]],
    ['an object of another format', (text) => ({ token: { text }, generated_text: null })],
    ['an object of another format that says what it is', (text) => ({ type: 'token', token: { text }, text })],
    ['an object with one odd key', (text) => ({ zorg: text })],
    ['an odd key in an event of the format', (text) => inEvent(name, text)],
  ])('let no blocked word out: %s', (_, value) => {
    expect(screened(at, [value('a grumpf it')]).wire).not.toContain('grumpf');
    if (OF_WHOLES.includes(name)) return;
    const { wire, entries } = screened(at, [value('a gru'), value('mpf it')]);
    expect(wire).not.toMatch(/gru|mpf/);
    if (wire.includes('is not') || wire.includes('does not say')) return;
    expect(entries).toContainEqual(expect.objectContaining({ applied: 'block' }));
  });

  it('let pass what is harmless, whatever was held of it', () => {
    const { wire } = screened(at, [inEvent(name, 'a gru'), inEvent(name, 'nt it')]);
    const said = [...wire.matchAll(/"zorg":\{"deep":"([^"]*)"/g)].map(([, text]) => text);
    expect(said.join('')).toBe('a grunt it');
  });

  it.each<[name: string, value: unknown]>([
    ['a bare string', 'well'],
    ['a list', ['well']],
    ['a number', 42],
    ['a list of numbers', [4, 2]],
    ['an odd key in an event of the format', inEvent(name, 'well')],
  ])('stop the stream where unknown fields are blocked: %s', (_, value) => {
    const { wire, entries } = screened(at, [value], { unknownFields: { output: 'block' } });
    expect(wire).not.toMatch(/well|42|4,2/);
    if (wire.includes('is not') || wire.includes('does not say')) return;
    expect(entries).toContainEqual(expect.objectContaining({ outcome: 'unknown-field', applied: 'block' }));
  });
});

/** An event of a format with a text deep under a key of none. */
function inEvent(name: string, text: string): object {
  const zorg = { deep: text };
  switch (name) {
    case 'openai-chat':
      return { id: 'c', choices: [{ index: 0, delta: { zorg }, finish_reason: null }] };
    case 'openai-completions':
      return { id: 'c', choices: [{ index: 0, text: '', zorg, finish_reason: null }] };
    case 'openai-responses':
      return { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: '', zorg };
    case 'anthropic-messages':
      return { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '', zorg } };
    case 'anthropic-batch-results':
      return { custom_id: 'a', result: { type: 'succeeded', message: { content: [], zorg } } };
    case 'openai-images':
      return { type: 'image_generation.partial_image', zorg };
    default:
      return { model: 'm', message: { role: 'assistant', content: '' }, response: '', zorg, done: false };
  }
}

it('takes an event of several lines that are no JSON together for what it is, and breaks nothing else', () => {
  const { stream, push } = openScreened(adapterNamed('openai-chat'), { asked: ASKED });
  const wire = push('data: {broken\ndata: {"choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n') + stream.end();
  expect(wire).not.toContain('undefined');
  expect(stream.failure?.code ?? 'none').toMatch(/^(?:none|ERR_SLUICE_STREAM)$/);
});
