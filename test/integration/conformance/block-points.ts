import type { Ending, Piece, Script } from './format-driver.js';

/** What `zorgblat` (blocks) and `quux` (becomes `#`) do at one place of an exchange. */
export interface BlockPoint {
  readonly name: string;
  readonly input?: string;
  readonly script: Script;
  /** What the application sees of each answer; `undefined` where the request itself is blocked. */
  readonly seen:
    | readonly {
        readonly text?: string;
        readonly reasoning?: string;
        /** What is streamed of a tool call; a whole reply that is blocked has none of it. */
        readonly tool?: string;
        readonly ending: Ending;
      }[]
    | undefined;
}

const text = (...parts: string[]): Piece[] => parts.map((part) => ({ kind: 'text', text: part }));
const reasoning = (...parts: string[]): Piece[] => parts.map((part) => ({ kind: 'reasoning', text: part }));
const tool = (...parts: string[]): Piece[] => parts.map((part) => ({ kind: 'tool', text: part }));
const at = (answer: number, pieces: readonly Piece[]): Piece[] => pieces.map((piece) => ({ ...piece, answer }));
const one = (...pieces: readonly Piece[]): Script => ({ answers: 1, pieces });

/** One row per place at which a block can fall, and one each where nothing is blocked. */
export const BLOCK_POINTS: readonly BlockPoint[] = [
  {
    name: 'nothing',
    script: one(...reasoning('let me ', 'think'), ...text('fine ', 'words', '')),
    seen: [{ reasoning: 'let me think', text: 'fine words', ending: 'stop' }],
  },
  {
    name: 'a tool call without a hit',
    script: one(...text('let me look '), ...tool('{"q":', '"fine', ' words"}')),
    seen: [{ text: 'let me look ', tool: '{"q":"fine words"}', ending: 'tool' }],
  },
  {
    name: 'a redaction',
    script: one(...reasoning('a quu', 'x b'), ...text('one qu', 'ux two quu', 'x')),
    seen: [{ reasoning: 'a # b', text: 'one # two #', ending: 'stop' }],
  },
  { name: 'input', input: 'say a zorgblat', script: one(...text('never said')), seen: undefined },
  { name: 'first token', script: one(...text('zorgblat', ' and more')), seen: [{ text: '', ending: 'filtered' }] },
  {
    name: 'mid word',
    script: one(...text('well then zor', 'gbl', 'at it is', ' so')),
    seen: [{ text: 'well then ', ending: 'filtered' }],
  },
  {
    name: 'inside reasoning',
    script: one(...reasoning('I think of a zor', 'gblat now'), ...text('never said')),
    seen: [{ reasoning: 'I think of a ', text: '', ending: 'filtered' }],
  },
  {
    name: 'mid tool call',
    script: one(...text('let me look '), ...tool('{"q":"a ', 'zorgb', 'lat now', ' and more"}')),
    seen: [{ text: 'let me look ', tool: '{"q":"a ', ending: 'filtered' }],
  },
  {
    name: 'a tool call, in escapes',
    script: one(...tool('{"q":"a \\u00', '7aorgbl\\u006', '1t now"}')),
    seen: [{ tool: '{"q":"a ', ending: 'filtered' }],
  },
  {
    name: 'an answer that is JSON, in escapes',
    script: one(...text('{"a":"\\u00', '7aorgbl\\u006', '1t now"}')),
    seen: [{ text: '{"a":"', ending: 'filtered' }],
  },
  {
    name: 'an answer that is JSON, without a hit',
    script: one(...text('{"a":"zor\\u00', '66 \\', 'n\\u0062"}')),
    seen: [{ text: '{"a":"zor\\u0066 \\n\\u0062"}', ending: 'stop' }],
  },
  {
    name: 'second choice of two',
    script: {
      answers: 2,
      pieces: [
        ...at(0, text('fine ')),
        ...at(1, text('well a zorg')),
        ...at(0, text('words')),
        ...at(1, text('blat it is')),
        ...at(0, text(' more')),
      ],
    },
    seen: [
      { text: 'fine words more', ending: 'stop' },
      { text: 'well a ', ending: 'filtered' },
    ],
  },
  {
    name: 'last token',
    script: one(...text('well a zorgbla', 't')),
    seen: [{ text: 'well a ', ending: 'filtered' }],
  },
  {
    name: 'after finish',
    script: { ...one(...text('fine words')), afterFinish: ' and a zorgblat' },
    seen: [{ text: 'fine words', ending: 'stop' }],
  },
];
