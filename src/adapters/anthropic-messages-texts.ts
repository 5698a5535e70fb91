import { isJsonObject } from './json.js';
import { readTextSlots, SCHEMA_NAME_KEYS, type TextRules, type TextSlot } from './text-slots.js';

/**
 * What the format says of its keys. It nests one kind of block anywhere in another, so the same rules hold for requests,
 * whole messages, batches and single events.
 */
const RULES: TextRules = {
  words: new Set([
    ...['id', 'type', 'role', 'model', 'object', 'tool_use_id', 'custom_id', 'file_id', 'skill_id', 'tool_id'],
    ...['request_id', 'user_id', 'user_profile_id', 'workspace_id', 'previous_message_id', 'container', 'version'],
    ...['stop_reason', 'error_code', 'media_type', 'ttl', 'effort', 'service_tier', 'inference_geo'],
    ...['anthropic_version', 'expires_at', 'file_type', 'url', 'data'],
    ...['signature', 'encrypted_content', 'encrypted_index', 'encrypted_stdout'],
  ]),
  textless: new Set(['usage']),
  values: new Set(['input']),
  named: SCHEMA_NAME_KEYS,
};
const SYSTEM = /(?:^|\.)system\b/;

/** Returns every text of a request to any of the message paths, batches included; the system text has a speaker too. Never throws. */
export function readRequestSlots(body: unknown): TextSlot[] {
  const slots = isJsonObject(body) ? readMessagesSlots(body) : [];
  return slots.map((slot) => (slot.role === undefined && SYSTEM.test(slot.path) ? { ...slot, role: 'system' } : slot));
}

/** Returns every text of a whole answer; none for a body that is no answer. Never throws. */
export function readAnswerSlots(body: unknown): TextSlot[] {
  return isJsonObject(body) && Array.isArray(body['content']) ? readMessagesSlots(body) : [];
}

/**
 * Returns every text of anything that the format nests. Never throws.
 * @param options `inPieces`: whether strings may be pieces of longer texts
 */
export function readMessagesSlots(value: unknown, { inPieces = false } = {}): TextSlot[] {
  return readTextSlots(value, { rules: RULES, inPieces });
}
