import type { Category, Feature } from '../../src/core/index.js';
import {
  capacityFor,
  encodeSignature,
  FeatureDatabase,
  FeatureIndex,
  FeatureKey,
  featureId,
  TextSigner,
} from '../../src/features/index.js';

/** A key for tests. */
export const featureKey = new FeatureKey(Buffer.from('a key for the tests of features'));

const signer = new TextSigner(featureKey);

/** The features that a text makes. */
export function featuresOf(text: string, category: Category = 'crime', rest: Partial<Feature> = {}): Feature[] {
  return signer.sign(text).map((signature) => ({
    id: featureId(signature.fingerprint),
    keyId: featureKey.id,
    signature: encodeSignature(signature),
    category,
    severity: 4,
    origin: 'hand',
    addedMs: 0,
    expiresMs: null,
    reason: null,
    ...rest,
  }));
}

/** A database that holds the features of some texts. */
export function databaseOf(texts: readonly string[], category: Category = 'crime'): FeatureDatabase {
  const database = new FeatureDatabase(featureKey);
  const features = texts.flatMap((text) => featuresOf(text, category));
  database.use(new FeatureIndex(capacityFor(features.length)));
  for (const feature of features) database.add(feature);
  database.reach(1);
  return database;
}

/** What a database finds in a text, read in pieces of some sizes. */
export function findFeatures(database: FeatureDatabase, text: string, sizes: readonly number[] = [text.length || 1]) {
  const matcher = database.open();
  if (matcher === undefined) return [];
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    matcher.feed(text.slice(at, at + size));
    at += size;
  }
  matcher.end();
  const found = matcher.take();
  database.release(matcher);
  return found;
}

/** Made-up sentences: no one of them is like another. */
export const SENTENCES = [
  'The quondam bromblat of Vermiglio drank seven buckets of plimsoll and then, quite unasked, sang to the gasworks about it.',
  'Whoever wexes the brindled fnord before breakfast shall owe the archduke of Plonk two geese, a harpsichord and one apology!',
  'Under the third moon of Kazbek, glimmering wumpus herds migrate toward the salty pools, chased by nobody in particular.',
  '昨天傍晚那只会弹琴的企鹅在月亮背面开了一家卖袜子的小店，可是没有一个顾客愿意付给它贝壳。',
];
