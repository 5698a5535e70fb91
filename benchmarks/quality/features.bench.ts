import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { distance } from 'fastest-levenshtein';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtFeatures } from '../support/built.js';
import { DISGUISES, type Random, seededRandom } from '../support/disguise.js';

interface Row {
  readonly text: string;
  readonly lang: string;
  readonly any: 0 | 1 | null;
  readonly split: 'train' | 'dev';
  readonly source: string;
}

/** A text of which a feature was made. */
interface Made {
  readonly text: string;
  readonly source: string;
}

const LANGUAGES = ['en', 'zh'];
/** Shares of the characters of a text that are edited. */
const RATES = [0.05, 0.1, 0.15];
/** Texts that are edited at each rate, by language. */
const EDITED = 3_000;
/** Disguises that are put on whole texts. */
const DISGUISED = ['case', 'width', 'accents', 'look-alikes', 'zero-width', 'leet', 'traditional'];
/** A text that differs from a feature in more of its letters than this is no form of it: twice what is promised, and a tenth. */
const FALSE_DISTANCE = 1 / 3;

/** `--data DIR` names the data, `--features N` how many features there are (a million when left out). */
export const benchmark: Benchmark = {
  about:
    'The feature database: how many edited and disguised texts are found, how many harmless ones falsely, with the features of the data alone and among a million; needs --data DIR.',
  run: measureFeatures,
};

const { encodeSignature, FeatureIndex, FeatureKey, FeatureMatcher, featureId, Letters, Shingles, TextSigner } =
  builtFeatures();

function measureFeatures(args: readonly string[]): Measurement[] {
  const { values } = parseArgs({
    args: [...args],
    options: { data: { type: 'string' }, features: { type: 'string', default: '1000000' } },
  });
  if (values.data === undefined) throw new Error('give the data folder: --data DIR');
  const random = seededRandom(7);
  const rows = readRows(values.data);
  const violating = shuffled(
    rows.filter(({ any, split }) => any === 1 && split === 'train'),
    random,
  );
  const benign = rows.filter(({ any, split }) => any === 0 && split === 'dev');
  return [
    ...measureQuality(violating, benign, random),
    ...measureCrowd(violating, benign, { count: Number(values.features), random }),
  ];
}

/** Recall and false matches with a feature of every violating train row. */
function measureQuality(violating: readonly Row[], benign: readonly Row[], random: Random): Measurement[] {
  const finder = new Finder(violating.length * 2);
  const made = new Map<string, Made[]>();
  const single = new Map(LANGUAGES.map((language): [string, { text: string; id: string }[]] => [language, []]));
  for (const { text, lang, source } of violating) {
    const ids = finder.add(text);
    for (const id of ids) made.set(id, [...(made.get(id) ?? []), { text, source }]);
    const [id] = ids;
    if (id !== undefined && ids.length === 1) single.get(lang)?.push({ text, id });
  }
  const measurements = [measurementOf('all features', 'features of real texts', finder.size)];
  for (const [language, texts] of single) {
    const sample = texts.slice(0, EDITED);
    const recall = (name: string, change: (text: string) => string | undefined): void => {
      const changed = sample.flatMap(({ text, id }) => ({ id, text: change(text) }));
      const tried = changed.filter(({ text }) => text !== undefined);
      const found = tried.filter(({ text }) => finder.find(text ?? '').length > 0).length;
      if (tried.length > 0) measurements.push(measurementOf(language, `recall, ${name}`, found / tried.length, 'of 1'));
    };
    for (const rate of RATES) {
      recall(`${rate * 100} % of the characters edited`, (text) => edited(text, rate, random));
    }
    for (const name of DISGUISED) recall(name, (text) => DISGUISES[name]?.(text, random));
    recall('spelled out', (text) => [...text].join(' '));
  }
  let matched = 0;
  let far = 0;
  let farFromOthers = 0;
  let falsePairs = 0;
  for (const { text, source } of benign) {
    const found = finder.find(text);
    if (found.length === 0) continue;
    matched += 1;
    const near = found.flatMap(({ id, span }) => (made.get(id) ?? []).map((feature) => ({ feature, span })));
    const farther = near.filter(
      ({ feature, span }) => distanceOf(text.slice(span.start, span.end), text, feature.text) > FALSE_DISTANCE,
    );
    falsePairs += new Set(farther.map(({ feature }) => feature.text)).size;
    if (farther.length === 0) continue;
    far += 1;
    if (farther.some(({ feature }) => feature.source !== source)) farFromOthers += 1;
  }
  const pairs = benign.length * finder.size;
  return [
    ...measurements,
    measurementOf('benign dev rows', 'rows', benign.length),
    measurementOf('benign dev rows', 'that match a feature', matched / benign.length, 'of 1'),
    measurementOf('benign dev rows', 'that differ from it in over a third of the letters', far / benign.length, 'of 1'),
    measurementOf(
      'benign dev rows',
      'the same, the feature from another source',
      farFromOthers / benign.length,
      'of 1',
    ),
    measurementOf('benign dev rows', 'false matches a pair of row and feature', falsePairs / pairs, 'of 1'),
  ];
}

/**
 * Recall and false matches among so many features: of the violating texts, and of texts put together from pieces of four words of
 * them. Each run of letters of a real text then stands in several others, which is the hardest case.
 */
function measureCrowd(
  violating: readonly Row[],
  benign: readonly Row[],
  { count, random }: { readonly count: number; readonly random: Random },
): Measurement[] {
  const finder = new Finder(count);
  const single = new Map(LANGUAGES.map((language): [string, string[]] => [language, []]));
  for (const { text, lang } of violating) if (finder.add(text).length === 1) single.get(lang)?.push(text);
  const pieces = violating.slice(0, 50_000).map(({ text }) => text.split(/(?<=[\s。！？，])/u));
  while (!finder.isFull) {
    let text = '';
    while (text.length < 130) {
      const words = pieces[Math.floor(random() * pieces.length)] ?? [];
      const from = Math.floor(random() * words.length);
      text += words.slice(from, from + 4).join('');
    }
    finder.add(text);
  }
  const name = `${finder.size} features`;
  const recalls = [...single].flatMap(([language, texts]) =>
    RATES.map((rate) => {
      const sample = texts.slice(0, EDITED);
      const found = sample.filter((text) => finder.find(edited(text, rate, random)).length > 0).length;
      const metric = `${language}: recall, ${rate * 100} % of the characters edited`;
      return measurementOf(name, metric, found / sample.length, 'of 1');
    }),
  );
  const matched = benign.filter(({ text }) => finder.find(text).length > 0).length;
  return [...recalls, measurementOf(name, 'benign dev rows that match one', matched / benign.length, 'of 1')];
}

/** An index with a key, and one matcher on it. */
class Finder {
  readonly #index: InstanceType<typeof FeatureIndex>;
  readonly #signer: InstanceType<typeof TextSigner>;
  readonly #matcher: InstanceType<typeof FeatureMatcher>;

  constructor(capacity: number) {
    const key = new FeatureKey(Buffer.from('a key for the benchmark'));
    this.#index = new FeatureIndex(capacity);
    this.#signer = new TextSigner(key);
    const rooms = { seeds: new Int32Array(8_192), bins: new Uint8Array(64) };
    const parts = { key, letters: new Letters(key), shingles: new Shingles(key), ...rooms };
    this.#matcher = new FeatureMatcher({ ...parts, index: this.#index });
  }

  get size(): number {
    return this.#index.size;
  }

  get isFull(): boolean {
    return this.#index.isFull;
  }

  /** Adds what of a text can be found changed; returns the ids. */
  add(text: string): string[] {
    return this.#signer.sign(text).flatMap((signature) => {
      if (signature.near === undefined || this.#index.isFull) return [];
      this.#index.add({ signature: encodeSignature(signature), category: 'crime', severity: 4, expiresMs: null });
      return [featureId(signature.fingerprint)];
    });
  }

  find(text: string): { readonly id: string; readonly span: { readonly start: number; readonly end: number } }[] {
    this.#matcher.reset();
    this.#matcher.feed(text);
    this.#matcher.end();
    return this.#matcher.take().map(({ detection: { featureId: id, span } }) => ({ id, span }));
  }
}

/** A text of which so many characters were replaced, left out or put in, each as often as the others. */
function edited(text: string, rate: number, random: Random): string {
  const chars = [...text];
  const alphabet = /\p{sc=Han}/u.test(text) ? [...text] : [...'abcdefghijklmnopqrstuvwxyz  .'];
  for (let left = Math.floor(chars.length * rate); left > 0; left -= 1) {
    const at = Math.floor(random() * chars.length);
    const char = alphabet[Math.floor(random() * alphabet.length)] ?? '';
    const kind = Math.floor(random() * 3);
    if (kind === 0) chars.splice(at, 0, char);
    else if (kind === 1) chars.splice(at, 1);
    else chars[at] = char;
  }
  return chars.join('');
}

/** Part of the letters in which a text, or the part of it that was matched, differs from a feature: the smaller of the two. */
function distanceOf(part: string, text: string, feature: string): number {
  const letters = (each: string): string =>
    each
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, '');
  const own = letters(feature);
  const to = (each: string): number => distance(each, own) / Math.max(each.length, own.length, 1);
  return Math.min(to(letters(part)), to(letters(text)));
}

function shuffled<Item>(items: Item[], random: Random): Item[] {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [items[at], items[other]] = [items[other] as Item, items[at] as Item];
  }
  return items;
}

function readRows(folder: string): Row[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl.gz'))
    .flatMap((file) => {
      const lines = gunzipSync(readFileSync(join(folder, file)))
        .toString('utf8')
        .split('\n');
      const source = file.replace('.jsonl.gz', '');
      return lines.filter(Boolean).map((line): Row => ({ ...JSON.parse(line), source }));
    });
}

function measurementOf(name: string, metric: string, value: number, unit = 'count'): Measurement {
  return { case: name, metric, value, unit, ratios: {} };
}
