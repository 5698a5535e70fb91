import { text } from 'node:stream/consumers';
import { type Category, type Feature, FeatureError, type Severity } from '../core/index.js';
import { encodeSignature, featureId, MIN_LETTERS, TextSigner } from '../features/index.js';
import { loadEvidenceKeys } from '../load-evidence-keys.js';
import { openText } from '../load-text.js';
import { EvidenceReader, HitQueries } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import type { DatabaseOptions } from './with-database.js';
import { type FeatureContext, featureKey, withFeatures } from './with-features.js';

/** What the command line gives to `features add`. */
export interface FeaturesAddOptions extends DatabaseOptions {
  readonly hit?: string;
  readonly by?: string;
  readonly category?: Category;
  readonly severity: Severity;
  readonly days?: number;
  readonly reason?: string;
  readonly restore?: boolean;
}

/** A text that is confirmed, and what it is. */
interface Confirmed {
  readonly text: string;
  readonly category: Category;
}

/** UTF-16 units around the hits of a kept text that are taken with them: what stands further off may be harmless. */
const AROUND_CHARS = 200;
const DAY_MS = 86_400_000;

/**
 * Makes features of a text, or of the text kept for a hit that is confirmed, and writes their ids.
 * @param file with the text; `-` for standard input; undefined for the text kept for the hit
 * @throws {SluiceError} when there is no such hit, no text, no key, or the config or the database cannot be used.
 * @throws {TypeError} when the file cannot be read, or an option is missing.
 */
export async function featuresAdd(
  file: string | undefined,
  options: FeaturesAddOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  if (file === undefined && options.hit === undefined) throw new TypeError('Give a file with the text, or --hit.');
  const given = file === undefined ? undefined : await text((await openText(file)).stream);
  await withFeatures(options, async (context) => {
    const key = featureKey(context.config);
    const confirmed =
      given === undefined ? await keptTexts(context, options) : [await withCategory(context, given, options)];
    const signer = new TextSigner(key);
    const addedMs = Date.now();
    const { severity, days, hit } = options;
    const reason = options.reason ?? (hit === undefined ? null : `hit ${hit}`);
    const features = confirmed.flatMap(({ text: each, category }) =>
      signer.sign(each).map((signature): Feature & { readonly isNear: boolean } => ({
        id: featureId(signature.fingerprint),
        keyId: key.id,
        signature: encodeSignature(signature),
        category,
        severity,
        origin: hit === undefined ? 'hand' : 'review',
        addedMs,
        expiresMs: days === undefined ? null : addedMs + days * DAY_MS,
        reason,
        isNear: signature.near !== undefined,
      })),
    );
    if (features.length === 0)
      throw new FeatureError(`The text has fewer than ${MIN_LETTERS} letters: no feature is made of it.`);
    const added = await context.repository.add(features, { restore: options.restore === true });
    for (const { id, category, isNear } of features) {
      stdout.write(`${id} ${category}${isNear ? '' : ' (short: found only alone and unchanged)'}\n`);
    }
    const left = features.length - added;
    const why = left === 0 ? '' : `; ${left} known already, or revoked and not brought back without --restore`;
    stdout.write(`${added} added${why}\n`);
  });
}

async function withCategory(context: FeatureContext, given: string, options: FeaturesAddOptions): Promise<Confirmed> {
  return { text: given, category: options.category ?? (await categoryOf(context, options.hit)) };
}

async function categoryOf({ database }: FeatureContext, hit: string | undefined): Promise<Category> {
  if (hit === undefined) throw new TypeError('Give --category, or --hit for that of a hit.');
  const categories = new Set((await new HitQueries(database).find(hit)).flatMap(({ category }) => category ?? []));
  const [category, other] = categories;
  if (category === undefined) throw new FeatureError(`No hit with a category is recorded under ${hit}.`);
  if (other !== undefined)
    throw new TypeError(`${hit} has hits of ${[...categories].join(', ')}: say which by --category.`);
  return category;
}

/** What the texts kept for a hit have around their hits; that they were read is noted like every look at them. */
async function keptTexts(
  { database, config }: FeatureContext,
  { hit = '', by, reason, category }: FeaturesAddOptions,
): Promise<Confirmed[]> {
  if (by === undefined) throw new TypeError('Give --by: who reads a kept text is noted.');
  const reader = new EvidenceReader(database, loadEvidenceKeys(config.evidence.keyEnv));
  const note = { by, reason: `feature made of it${reason === undefined ? '' : `: ${reason}`}` };
  const revealed = await reader.reveal(hit, { ...note, unmasked: true, nowMs: Date.now() });
  return revealed.map((kept) => {
    const from = Math.min(...kept.spans.map(({ start }) => start)) - kept.start - AROUND_CHARS;
    const to = Math.max(...kept.spans.map(({ end }) => end)) - kept.start + AROUND_CHARS;
    const passage = kept.text.slice(Math.max(0, from), Math.max(0, to));
    return { text: passage, category: category ?? (kept.category as Category) };
  });
}
