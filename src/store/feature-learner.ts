import { type AlarmClock, type FeatureLearner, type Hit, type Logger, messageOf } from '../core/index.js';
import { encodeSignature, type FeatureDatabase, featureId } from '../features/index.js';
import type { Database } from './database.js';
import { FeatureRepository } from './feature-repository.js';

/** What a learner works with. */
export interface FeatureLearnerOptions {
  readonly database: Database;
  readonly features: FeatureDatabase;
  readonly clock: AlarmClock;
  readonly logger: Logger;
  /** Score in [0, 1] of a list match from which the text around it becomes a feature. */
  readonly minScore: number;
  /** Days after which it expires. */
  readonly days: number;
}

/** A text that waits to become a feature. */
interface Lesson {
  readonly text: string;
  readonly hit: Hit;
  readonly requestId: string;
}

const DAY_MS = 86_400_000;
/** Longest text around a match that becomes a feature, UTF-16 units: what stands further off may be as harmless as it likes. */
const MAX_CHARS = 512;
/** Lessons that may wait; beyond, new ones are let go: a text that matters comes again. */
const MAX_WAITING = 100;

/** Makes features of texts that word lists block, off the request path. */
export class StoreFeatureLearner implements FeatureLearner {
  readonly #options: FeatureLearnerOptions;
  readonly #repository: FeatureRepository;
  #waiting: Lesson[] = [];
  #draining: Promise<void> | undefined;

  constructor(options: FeatureLearnerOptions) {
    this.#options = options;
    this.#repository = new FeatureRepository(options.database);
  }

  wants({ source, action, score }: Hit): boolean {
    return source === 'lexicon' && action === 'block' && score >= this.#options.minScore;
  }

  learn(hit: Hit, { text, start, requestId }: { text: string; start: number; requestId: string }): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    const middle = (hit.span.start + hit.span.end) / 2 - start;
    const from = Math.max(0, Math.min(text.length - MAX_CHARS, Math.floor(middle - MAX_CHARS / 2)));
    this.#waiting.push({ text: text.slice(from, from + MAX_CHARS), hit, requestId });
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // First the exchange that it is about.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lessons = this.#waiting;
      this.#waiting = [];
      try {
        await this.#repository.add(lessons.flatMap((lesson) => this.#featuresOf(lesson)));
      } catch (error) {
        // Lost, which costs nothing but that the lists have to find the text again.
        this.#options.logger.warn(
          { error: messageOf(error), features: lessons.length },
          'features of severe hits not written',
        );
      }
    }
  }

  #featuresOf({ text, hit, requestId }: Lesson) {
    const { features, clock, days } = this.#options;
    const addedMs = clock.now();
    return features.sign(text).flatMap((signature) => {
      const id = featureId(signature.fingerprint);
      // What is found only unchanged the lists find as well.
      if (signature.near === undefined || features.has(id)) return [];
      return [
        {
          id,
          keyId: features.key.id,
          signature: encodeSignature(signature),
          category: hit.category,
          severity: 4 as const,
          origin: 'automatic' as const,
          addedMs,
          expiresMs: addedMs + days * DAY_MS,
          reason: `request ${requestId}`,
        },
      ];
    });
  }
}
