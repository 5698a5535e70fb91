import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Clock, Direction, TextClassifier, Verdict } from '../core/index.js';
import type { FeatureSource } from '../features/index.js';
import type { Lexicon } from '../lexicon/index.js';
import { decide, type ResolvedPolicy } from '../policy/index.js';
import { holdsOf, Screening, type ScreeningOptions } from './screening.js';
import { SeamJudge, type SeamMatch } from './seam-judge.js';
import { groupSeams, type SeamVerdict } from './seam-verdict.js';
import { StreamModerator } from './stream-moderator.js';
import { tailOf } from './text-edges.js';

/** What a moderator is built from. */
export interface ModeratorOptions {
  readonly lexicon: Lexicon;
  readonly classifier?: TextClassifier | undefined;
  /** The feature database; nothing is looked up while it is empty. */
  readonly features?: FeatureSource | undefined;
  /** Bound of the verdict cache in bytes, estimated; 0 turns it off. */
  readonly cacheMaxBytes: number;
}

/** How one text is to be judged. */
export interface ModerateOptions {
  readonly direction: Direction;
  readonly policy: ResolvedPolicy;
  /** Text that this one goes on from, judged elsewhere: list matches may begin in it. */
  readonly before?: string;
}

/** One of several texts. */
export interface TextToJudge extends Pick<ModerateOptions, 'before'> {
  readonly text: string;
}

/** How one stream is to be judged. */
export interface OpenStreamOptions extends ModerateOptions {
  /** Asked for the time where the policy bounds how long text waits. */
  readonly clock: Pick<Clock, 'now'>;
}

/** Text judged in one turn, UTF-16 units: some ten milliseconds, twice that where every word is a hit. */
export const TURN_CHARS = 16_384;
/** What a text costs however short it is, as a length of text. */
const TEXT_CHARS = 16;
/** Estimated bytes of a verdict without hits, its key included. */
const VERDICT_BYTES = 600;
/** Estimated bytes of one hit. */
const HIT_BYTES = 200;
/** Part of the cache that is for the seams between texts. */
const SEAM_SHARE = 1 / 16;
/** What a seam costs, as a length of text. */
const SEAM_CHARS = 128;

/** Judges texts, whole or streamed, by one loop and one policy decision. */
export class Moderator {
  readonly #detectors: Pick<ScreeningOptions, 'lexicon' | 'classifier' | 'features'>;
  readonly #cache: LRUCache<string, Verdict> | undefined;
  readonly #seams: SeamJudge;

  constructor({ lexicon, classifier, features, cacheMaxBytes }: ModeratorOptions) {
    this.#detectors = {
      lexicon,
      ...(classifier === undefined ? {} : { classifier }),
      ...(features === undefined ? {} : { features }),
    };
    this.#seams = new SeamJudge(lexicon, Math.floor(cacheMaxBytes * SEAM_SHARE));
    if (cacheMaxBytes > 0) {
      this.#cache = new LRUCache({
        maxSize: Math.ceil(cacheMaxBytes * (1 - SEAM_SHARE)),
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
    // One turn, whatever the length.
    for (const _ of screening.whole(text, Number.POSITIVE_INFINITY));
    return this.#remember(key, screening.verdict());
  }

  /** As `moderate`, but a long text is judged in turns, between which the process does other things. */
  async moderateInTurns(text: string, options: ModerateOptions): Promise<Verdict> {
    if (text.length <= TURN_CHARS) return this.moderate(text, options);
    const key = this.#cache === undefined ? '' : this.#keyOf(text, options);
    const known = this.#cache?.get(key);
    if (known !== undefined) return known;
    const screening = new Screening({ ...this.#detectors, ...options });
    for (const _ of screening.whole(text, TURN_CHARS)) await nextTurn();
    return this.#remember(key, screening.verdict());
  }

  /** The verdicts on several texts, in their order; in turns, when they are long or many. */
  async moderateAll(texts: readonly TextToJudge[], options: ModerateOptions): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    let charsInTurn = 0;
    for (const { text, before } of texts) {
      verdicts.push(await this.moderateInTurns(text, before === undefined ? options : { ...options, before }));
      charsInTurn += text.length + TEXT_CHARS;
      if (charsInTurn < TURN_CHARS) continue;
      charsInTurn = 0;
      await nextTurn();
    }
    return verdicts;
  }

  /**
   * The verdicts on list matches that are split over the ends of texts which a model reads one after another; the texts
   * themselves are judged by `moderateAll`. In turns, when there are many. Never rejects on account of a detector.
   */
  async moderateSeams(texts: readonly string[], options: ModerateOptions): Promise<readonly SeamVerdict[]> {
    const versions = { policy: options.policy.version, lexicon: this.#detectors.lexicon.version, model: 'none' };
    const matches: SeamMatch[] = [];
    try {
      let charsInTurn = 0;
      for (const found of this.#seams.judge(texts)) {
        matches.push(...found);
        charsInTurn += SEAM_CHARS;
        if (charsInTurn < TURN_CHARS) continue;
        charsInTurn = 0;
        await nextTurn();
      }
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      const verdict = decide({ ...options, detections: [], failed: ['lexicon'], versions });
      return [{ texts: [...texts.keys()], verdict }];
    }
    return groupSeams(matches, texts).map(({ detections, ...group }) => ({
      ...group,
      verdict: decide({ ...options, detections, failed: [], versions }),
    }));
  }

  /** Opens one channel of streamed text. */
  openStream(options: OpenStreamOptions): StreamModerator {
    return new StreamModerator({ ...this.#detectors, ...options });
  }

  /**
   * Does ahead, in turns, what the first stream of each policy would take tens of milliseconds for: nobody is to wait for that when
   * policies or lists are replaced.
   */
  async prepareStreams(policies: readonly ResolvedPolicy[]): Promise<void> {
    for (const policy of policies) {
      for (const direction of ['input', 'output'] as const) {
        const steps = this.#detectors.lexicon.prepareHolds(holdsOf({ policy, direction }));
        while (steps.next().done !== true) await nextTurn();
      }
    }
  }

  #remember(key: string, verdict: Verdict): Verdict {
    // A failure may pass; it must not outlive its cause.
    if (verdict.failedDetectors.length === 0) this.#cache?.set(key, verdict);
    return verdict;
  }

  #keyOf(text: string, { direction, policy, before = '' }: ModerateOptions): string {
    const { lexicon, classifier, features } = this.#detectors;
    const parts = [
      direction,
      policy.name,
      policy.mode,
      policy.version,
      lexicon.version,
      classifier?.version ?? 'none',
      features?.version ?? 'none',
      tailOf(before),
    ];
    // UTF-16 keeps lone surrogates apart, which UTF-8 would merge.
    const hash = createHash('sha256').update(JSON.stringify(parts)).update(Buffer.from(text, 'utf16le'));
    return hash.digest('base64');
  }
}
