import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtFeatures } from '../support/built.js';
import { type Random, seededRandom } from '../support/disguise.js';
import { expectEqual, passOver, race } from '../support/measure.js';

const { capacityFor, encodeSignature, FeatureDatabase, FeatureIndex, FeatureKey, TextSigner } = builtFeatures();
const FEATURES = 1_000_000;
/** Features made of one text, each as another key would make it: hashes are as random under any, and signing takes long. */
const KEYS = 4;
const MESSAGE_CHARS = 500;
const MESSAGES = 400;
/** Words of made-up languages, the nth of which comes an nth as often as the first: as words do in any. */
const WORDS = 40_000;
const SYLLABLES = 'ba be do fi gu ka le lo mi mu na ne no pi ra re sa se ti to tra sho ple nd er in st ou'.split(' ');
/** First of the Chinese characters that words of one or two are made of. */
const FIRST_CHARACTER = 0x4e00;
const CHARACTERS = 4_000;
const LANGUAGES = ['spaced', 'unspaced'] as const;
/** Hashes that a message of 500 characters is looked up by, about: half of its runs of letters. */
const SEEDS = 190;

/** `--features N` how many features there are, a million when left out. */
export const benchmark: Benchmark = {
  about:
    'Looking up harmless messages of 500 characters among a million features, beside reading them, one pass over the text, and as many gets of a Map; and the memory of the features.',
  run: measureLookup,
};

function measureLookup(args: readonly string[]): Measurement[] {
  const count = Number(args[args.indexOf('--features') + 1] ?? FEATURES) || FEATURES;
  const key = new FeatureKey(Buffer.from('a key for the benchmark'));
  const random = seededRandom(7);
  const texts = Array.from({ length: Math.ceil(count / KEYS) }, () => featureText(random));
  const signer = new TextSigner(key);
  // The first texts fill what is filled once.
  for (const text of texts.slice(0, 2_000)) signer.sign(text);
  collect();
  const before = process.memoryUsage();
  const index = new FeatureIndex(capacityFor(count));
  for (const text of texts) for (const signature of copies(signer, text)) index.add(signature);
  collect();
  const after = process.memoryUsage();
  const found = new FeatureDatabase(key);
  found.use(index);
  const empty = new FeatureDatabase(key);
  empty.use(new FeatureIndex(16));
  empty.add(exactOnly(signer));
  const name = `${index.size} features`;
  const of = (metric: string, value: number, unit: string): Measurement => ({
    case: name,
    metric,
    value,
    unit,
    ratios: {},
  });
  const rows = [
    of('memory of the process', (after.rss - before.rss) / 1e6, 'MB'),
    of('memory counted', index.bytes / 1e6, 'MB'),
  ];
  expectEqual('features found in their own texts', ownFound(found, texts.slice(0, 200)), 200);
  for (const language of LANGUAGES) {
    const messages = Array.from({ length: MESSAGES }, () => makeText(language, MESSAGE_CHARS, random));
    const map = new Map(Array.from({ length: count }, (_, at) => [at * 2_654_435, at]));
    let turn = 0;
    const next = (): string => {
      turn += 1;
      return messages[turn % MESSAGES] ?? '';
    };
    const times = race(
      {
        lookup: () => lookUp(found, next()),
        reading: () => lookUp(empty, next()),
        pass: () => passOver(next()),
        gets: () => getMany(map, random),
      },
      { budgetMs: 4_000 },
    );
    const { lookup } = times;
    rows.push({
      ...of(`lookup of 500 characters, ${language} script`, lookup * 1_000, 'us'),
      ratios: {
        'reading the letters': lookup / times.reading,
        'one pass over the text': lookup / times.pass,
        [`${SEEDS} gets of a Map`]: lookup / times.gets,
      },
    });
  }
  return rows;
}

let sink = 0;

function lookUp(database: InstanceType<typeof FeatureDatabase>, text: string): void {
  const matcher = database.open();
  if (matcher === undefined) throw new Error('there is no feature');
  matcher.feed(text);
  matcher.end();
  sink += matcher.take().length;
  database.release(matcher);
}

function getMany(map: ReadonlyMap<number, number>, random: Random): void {
  for (let seed = 0; seed < SEEDS; seed += 1) sink += map.get(Math.floor(random() * map.size) * 2_654_435) ?? 0;
}

function ownFound(database: InstanceType<typeof FeatureDatabase>, texts: readonly string[]): number {
  const before = sink;
  for (const text of texts) lookUp(database, text);
  return Math.min(sink - before, texts.length);
}

/** A text that becomes a feature. */
function featureText(random: Random): string {
  return random() < 0.5 ? makeText('spaced', 160, random) : makeText('unspaced', 60, random);
}

const spacedWords = Array.from({ length: WORDS }, (_, rank) => {
  const random = seededRandom(rank);
  const syllables = 1 + Math.min(3, Math.floor(Math.log10(rank + 1)));
  return Array.from({ length: syllables }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join('');
});
const unspacedWords = Array.from({ length: WORDS }, (_, rank) => {
  const random = seededRandom(rank);
  const character = (): number => FIRST_CHARACTER + Math.floor(random() * CHARACTERS);
  return String.fromCharCode(...Array.from({ length: rank < 300 ? 1 : 2 }, character));
});

function makeText(language: (typeof LANGUAGES)[number], chars: number, random: Random): string {
  let text = '';
  while (text.length < chars) {
    const rank = Math.floor(WORDS ** random()) - 1;
    text += language === 'spaced' ? `${spacedWords[rank]} ` : `${unspacedWords[rank]}`;
  }
  return text.slice(0, chars);
}

function* copies(signer: InstanceType<typeof TextSigner>, text: string) {
  for (const { near, fingerprint, ...signature } of signer.sign(text)) {
    for (let copy = 0; copy < KEYS; copy += 1) {
      const other = Math.imul(copy, 0x9e3779b1);
      const seeds = near && { ...near.seeds, hashes: near.seeds.hashes.map((hash) => hash ^ other) };
      const written = {
        ...signature,
        fingerprint: fingerprint.map((byte) => byte ^ (copy * 37)),
        ...(near && seeds && { near: { ...near, seeds } }),
      };
      yield { signature: encodeSignature(written), category: 'crime', severity: 4, expiresMs: null } as const;
    }
  }
}

/** A feature that makes an index not empty, and nothing to look up. */
function exactOnly(signer: InstanceType<typeof TextSigner>) {
  const [signature] = signer.sign('zorgblat');
  if (signature === undefined) throw new Error('no feature was made');
  return { signature: encodeSignature(signature), category: 'crime', severity: 4, expiresMs: null } as const;
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}
