import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Direction, TextClassifier, Verdict } from '../core/index.js';
import type { Lexicon } from '../lexicon/index.js';
import type { ResolvedPolicy } from '../policy/index.js';
import { Screening } from './screening.js';
import { StreamModerator } from './stream-moderator.js';

/** What a moderator is built from. */
export interface ModeratorOptions {
  readonly lexicon: Lexicon;
  readonly classifier?: TextClassifier | undefined;
  /** Bound of the verdict cache in bytes, estimated; 0 turns it off. */
  readonly cacheMaxBytes: number;
}

/** How one text is to be judged. */
export interface ModerateOptions {
  readonly direction: Direction;
  readonly policy: ResolvedPolicy;
}

/** How one stream is to be judged. */
export interface OpenStreamOptions extends ModerateOptions {
  /** Most text that may wait, UTF-16 units; more is treated as a block. */
  readonly maxHoldChars: number;
}

/** Estimated bytes of a verdict without hits, its key included. */
const VERDICT_BYTES = 600;
/** Estimated bytes of one hit. */
const HIT_BYTES = 200;

/** Judges texts, whole or streamed, by one loop and one policy decision. */
export class Moderator {
  readonly #detectors: { readonly lexicon: Lexicon; readonly classifier?: TextClassifier };
  readonly #cache: LRUCache<string, Verdict> | undefined;

  constructor({ lexicon, classifier, cacheMaxBytes }: ModeratorOptions) {
    this.#detectors = classifier === undefined ? { lexicon } : { lexicon, classifier };
    if (cacheMaxBytes > 0) {
      this.#cache = new LRUCache({
        maxSize: cacheMaxBytes,
        sizeCalculation: (verdict) => VERDICT_BYTES + HIT_BYTES * verdict.hits.length,
      });
    }
  }

  /** The verdict on a whole text, for every string; a detector that throws is named in `failedDetectors`. */
  moderate(text: string, options: ModerateOptions): Verdict {
    const key = this.#cache === undefined ? '' : this.#keyOf(text, options);
    const known = this.#cache?.get(key);
    if (known !== undefined) return known;
    const screening = new Screening({ ...this.#detectors, ...options });
    screening.whole(text);
    const verdict = screening.verdict();
    // A failure may pass; it must not outlive its cause.
    if (verdict.failedDetectors.length === 0) this.#cache?.set(key, verdict);
    return verdict;
  }

  /** Opens one channel of streamed text. */
  openStream(options: OpenStreamOptions): StreamModerator {
    return new StreamModerator({ ...this.#detectors, ...options });
  }

  #keyOf(text: string, { direction, policy }: ModerateOptions): string {
    const { lexicon, classifier } = this.#detectors;
    const parts = [direction, policy.name, policy.mode, policy.version, lexicon.version, classifier?.version ?? 'none'];
    // UTF-16 keeps lone surrogates apart, which UTF-8 would merge.
    const hash = createHash('sha256').update(JSON.stringify(parts)).update(Buffer.from(text, 'utf16le'));
    return hash.digest('base64');
  }
}
