import fc from 'fast-check';

/** A list of made-up terms, and texts to stream that are made of its terms, of parts of them, and of what surrounds them. */
export interface HoldWorld {
  /** Text of a list file. */
  readonly list: string;
  readonly mask: string;
  readonly texts: readonly HoldText[];
  /** Number of the wire format that the first texts go through; the next ones go through the next. */
  readonly wire: number;
  /** Lengths of the pieces of the bytes of a wire, in turn. */
  readonly byteSizes: readonly number[];
  /** Whether JSON source is full of escapes. */
  readonly escapes: boolean;
}

/** One text and how it is streamed. */
export interface HoldText {
  readonly text: string;
  /** Text that it goes on from; mostly none. */
  readonly before: string;
  readonly mode: 'none' | 'adaptive' | 'sentence' | 'answer';
  /** Most characters that may wait; none given, none are too many. */
  readonly maxHoldChars: number | undefined;
  /** Longest that text may wait, milliseconds; a piece comes every few. None given, it may wait on. */
  readonly maxHoldMs: number | undefined;
  readonly onHoldLimit: 'block' | 'release';
  /** Lengths of the pieces, in turn. */
  readonly sizes: readonly number[];
}

const LATIN = [...'abkox'];
const CJK = [...'你妈坏话'];
const KANA = [...'しねカバ'];
const WORD = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.constantFrom(...LATIN), { minLength: 1, maxLength: 5 }) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...CJK), { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...KANA), { minLength: 1, maxLength: 4 }) },
);
const PHRASE = fc
  .array(
    WORD.map((letters) => letters.join('')),
    { minLength: 1, maxLength: 3 },
  )
  .map((words) => words.join(' '));

interface Entry {
  readonly term: string;
  readonly severity: number;
  readonly open: readonly [boolean, boolean];
  readonly option: 'none' | 'none' | 'unless' | 'near' | 'both' | 'exact';
  readonly conditions: readonly string[];
  readonly within: number;
  /** Puts the term inside a longer allow-phrase. */
  readonly allow: string | undefined;
  /** Makes this the start of another term. */
  readonly longer: string | undefined;
}

const ENTRY: fc.Arbitrary<Entry> = fc.record({
  term: PHRASE,
  severity: fc.constantFrom(2, 3, 3, 4),
  open: fc.tuple(fc.boolean(), fc.boolean()),
  option: fc.constantFrom('none', 'none', 'none', 'unless', 'near', 'both', 'exact'),
  conditions: fc.array(PHRASE, { minLength: 2, maxLength: 3 }),
  within: fc.integer({ min: 0, max: 12 }),
  allow: fc.option(PHRASE, { nil: undefined, freq: 3 }),
  longer: fc.option(PHRASE, { nil: undefined, freq: 3 }),
});

function renderEntry({ term, severity, open, option, conditions, within, allow, longer }: Entry): string[] {
  const [near = 'a', ...unless] = conditions;
  const options = {
    none: '',
    exact: ' | exact',
    near: ` | near ${near} | within ${within}`,
    unless: ` | unless ${unless.join(', ')} | within ${within}`,
    both: ` | near ${near} | unless ${unless.join(', ')} | within ${within}`,
  }[option];
  // An open edge is for single words.
  const [starts, ends] = term.includes(' ') ? [false, false] : open;
  const lines = [`${starts ? '*' : ''}${term}${ends ? '*' : ''} | severity ${severity}${options}`];
  if (longer !== undefined) lines.push(`${term} ${longer} | severity ${severity === 4 ? 3 : 4}`);
  if (allow !== undefined) lines.push(severity % 2 === 0 ? `!${term} ${allow}` : `!${allow} ${term}`);
  return lines;
}

/** Ways to write a letter so that the same term is meant, or nearly. */
const DISGUISES: readonly ((char: string) => string)[] = [
  (char) => char.toUpperCase(),
  (char) => `${char}\u0301`,
  (char) => `${char}\u200b`,
  (char) => `${char}\u200d\ufe0f`,
  (char) => char.repeat(3),
  (char) => `${char}.`,
  (char) => `${char}-`,
  (char) => `${char} `,
  (char) => `${char}ﾞ`,
  (char) => ({ a: '@', b: '8', o: '0', k: 'к', x: '×' })[char] ?? char,
  (char) => ({ a: 'а', o: 'о', b: 'Ƅ', k: '𝐤', x: '𝖝' })[char] ?? char,
  (char) => (/[!-~]/.test(char) ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char),
  (char) => ({ 妈: '媽', 坏: '壞', 话: '話', し: 'シ', ネ: 'ね', カ: 'ｶ', バ: 'ﾊﾞ', ぱ: 'ハﾟ' })[char] ?? char,
];

const NOISE = [
  ' ',
  ' ',
  ' ',
  '. ',
  '\n',
  '。',
  '，',
  '😀',
  '👩‍👩‍👧',
  '\ud83d',
  '\ude00',
  '\u0301',
  '\u200b',
  'é',
  'ﾞ',
  'kk',
  'xx',
  'xxxxxxxx',
];
const CALM = [' well', ' mellow', ' fine thing', '好的', 'です', '!', '|', '12', '@', '- ', '    ', ' A'];

interface Piece {
  /** What it is made of, by number: a term, a condition, an allow-phrase, noise, calm. */
  readonly kind: number;
  readonly pick: number;
  /** Ends of a cut: a term may come unfinished. */
  readonly cut: readonly [number, number];
  /** Per letter, how it is disguised; mostly not at all. */
  readonly disguises: readonly number[];
}

const PIECE: fc.Arbitrary<Piece> = fc.record({
  kind: fc.nat(9),
  pick: fc.nat(1000),
  cut: fc.tuple(fc.nat(12), fc.nat(12)),
  disguises: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.nat(12) }), {
    maxLength: 6,
  }),
});

function renderPiece({ kind, pick, cut, disguises }: Piece, entries: readonly Entry[]): string {
  if (kind === 9) return CALM[pick % CALM.length] ?? '';
  if (kind >= 6) return NOISE[pick % NOISE.length] ?? '';
  const entry = entries[pick % entries.length];
  if (entry === undefined) return '';
  const { term, conditions, allow, longer } = entry;
  const phrase = [
    term,
    term,
    term,
    conditions[pick % conditions.length] ?? term,
    `${term} ${allow ?? longer ?? ''}`,
    `${allow ?? ''} ${term}`,
  ][kind];
  const chars = [...(phrase ?? term)];
  const [from, left] = cut;
  const kept = chars.slice(from > 10 ? 1 : 0, left > 9 ? -1 : undefined);
  return kept
    .map((char, index) => {
      const disguise = DISGUISES[disguises[index % Math.max(1, disguises.length)] ?? 99];
      return disguise === undefined ? char : disguise(char);
    })
    .join('');
}

/** A value once in `often` times, else none. */
function seldom<Value>(value: fc.Arbitrary<Value>, often: number): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: often - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

const TEXT = fc.record({
  pieces: fc.array(PIECE, { maxLength: 12 }),
  mode: fc.constantFrom('adaptive', 'adaptive', 'adaptive', 'sentence', 'answer', 'none'),
  maxHoldChars: seldom(fc.integer({ min: 1, max: 30 }), 3),
  maxHoldMs: seldom(fc.integer({ min: 1, max: 20 }), 9),
  onHoldLimit: fc.constantFrom('block', 'release'),
  before: seldom(fc.tuple(PIECE, PIECE), 5),
  sizes: fc.oneof(fc.constant([1]), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })),
} as const);

/** Worlds of so many texts each. */
export function holdWorlds(texts: number): fc.Arbitrary<HoldWorld> {
  return fc
    .record({
      entries: fc.array(ENTRY, { minLength: 1, maxLength: 6 }),
      mask: fc.constantFrom('#', '', '[#]', '＃#'),
      texts: fc.array(TEXT, { minLength: texts, maxLength: texts }),
      wire: fc.nat(99),
      byteSizes: fc.oneof(
        { weight: 1, arbitrary: fc.constant([1]) },
        { weight: 4, arbitrary: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }) },
      ),
      escapes: fc.boolean(),
    })
    .map(({ entries, texts: drawn, ...world }) => {
      const render = (pieces: readonly Piece[]): string => pieces.map((piece) => renderPiece(piece, entries)).join('');
      return {
        ...world,
        list: entries.flatMap(renderEntry).join('\n'),
        texts: drawn.map(({ pieces, before = [], ...how }) => ({
          ...how,
          text: render(pieces),
          before: render(before),
        })),
      };
    });
}
