import { composePipeline, openServices, releasePipeline } from '../compose.js';
import type { Config } from '../config/index.js';
import type { AppealReview } from './decide-appeal.js';

/** Returns what appeals are decided by where no proxy runs: it loads what judges texts when texts are to be judged, and frees it again. */
export function reviewOf(config: Config, file: string | undefined): AppealReview {
  return {
    config,
    file,
    async judge(work) {
      const services = await openServices(config, { record: false });
      const pipeline = await composePipeline(config, { file, services });
      try {
        return await work(pipeline);
      } finally {
        await releasePipeline(pipeline);
        await services.close();
      }
    },
  };
}
