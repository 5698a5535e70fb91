import type { BlockInfo } from './adapter.js';
import type { JsonObject } from './json.js';

/** The one answer that a reply of a host's own format carries. */
export const ANSWER = 'answer';

/** Returns the error body that tells a block. */
export function blockedError(info: BlockInfo): JsonObject {
  const error = { message: info.notice, type: 'invalid_request_error', code: 'content_filter' };
  return { error: { ...error, moderation: moderationOf(info) } };
}

/** Returns the extension key that tells a block. */
export function moderationOf(info: BlockInfo): JsonObject {
  return { blocked: true, category: info.category ?? null, hit_id: info.hitId };
}
