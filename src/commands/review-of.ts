import { composePipeline, openServices, releasePipeline, type Services } from '../compose.js';
import type { Config } from '../config/index.js';
import { FeatureDatabase, FeatureKey } from '../features/index.js';
import { loadSecret } from '../load-secret.js';
import { type Database, FeatureFollower } from '../store/index.js';
import type { AppealReview } from './decide-appeal.js';

/** Where what judges texts is read from. */
export interface ReviewSource {
  /** The config file. */
  readonly file: string | undefined;
  readonly database: Database;
}

/** Returns what appeals are decided by where no proxy runs: it loads what judges texts when texts are to be judged, and frees it again. */
export function reviewOf(config: Config, { file, database }: ReviewSource): AppealReview {
  return {
    config,
    file,
    async judge(work) {
      const services = await openServices(config, { record: false });
      const pipeline = await composePipeline(config, { file, services });
      try {
        const { lexicon, classifier, policies } = pipeline;
        const features = await readFeatures(config, { ...services, database });
        return await work({ lexicon: lexicon.part, classifier: classifier.part, policies, features });
      } finally {
        await releasePipeline(pipeline);
        await services.close();
      }
    },
  };
}

/** All features of the store as they are now; undefined without a key. */
async function readFeatures(
  { features: { keyEnv } }: Config,
  { database, clock, logger }: Pick<Services, 'clock' | 'logger'> & { readonly database: Database },
): Promise<FeatureDatabase | undefined> {
  const secret = loadSecret(keyEnv);
  if (secret === undefined) return undefined;
  const features = new FeatureDatabase(new FeatureKey(secret));
  await new FeatureFollower({ database, features, clock, logger }).refresh();
  return features;
}
