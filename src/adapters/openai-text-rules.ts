import { SCHEMA_NAME_KEYS, type TextRules } from './text-slots.js';

/**
 * What the formats of OpenAI say of their keys. A key under which a stream may send pieces of text is never a word key,
 * for a piece is often one word.
 */
export const OPENAI_TEXT_RULES: TextRules = {
  words: new Set([
    ...['id', 'type', 'role', 'object', 'model', 'status', 'finish_reason', 'stop_reason', 'native_finish_reason'],
    ...['system_fingerprint', 'provider', 'tool_call_id', 'call_id', 'item_id', 'file_id', 'container_id'],
    ...['approval_request_id', 'caller_id', 'previous_response_id', 'conversation', 'fingerprint', 'user'],
    ...['safety_identifier', 'prompt_cache_key', 'service_tier', 'reasoning_effort', 'verbosity', 'tool_choice'],
    ...['truncation', 'detail', 'voice', 'format', 'severity'],
    ...['url', 'image_url', 'file_url', 'data', 'file_data', 'partial_image_b64', 'b64_json'],
    ...['signature', 'thought_signature', 'encrypted_content', 'obfuscation', 'connector_id', 'server_url'],
    ...['authorization'],
  ]),
  textless: new Set(['logprobs', 'prompt_logprobs', 'token_ids', 'prompt_token_ids', 'logit_bias', 'usage']),
  json: new Set(['arguments']),
  values: new Set(['arguments']),
  named: SCHEMA_NAME_KEYS,
  bytes: new Map([['image_generation_call', 'result']]),
};
