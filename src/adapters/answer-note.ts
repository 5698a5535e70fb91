import type { AnswerNote } from './adapter.js';
import type { JsonObject } from './json.js';

/** Returns a note as the keys that formats with room for extension keys put into an answer. Never throws. */
export function noteKeys({ moderation, aiGenerated }: AnswerNote): JsonObject {
  return {
    ...(moderation === undefined
      ? {}
      : {
          moderation: {
            blocked: false,
            action: moderation.action,
            categories: moderation.categories,
            ...(moderation.unscreened.length === 0 ? {} : { unscreened: moderation.unscreened }),
            hit_id: moderation.hitId,
          },
        }),
    ...(aiGenerated === true ? { ai_generated: true } : {}),
  };
}
