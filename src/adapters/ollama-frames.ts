import type { StreamEvent } from '../framing/index.js';
import type { BlockInfo } from './adapter.js';
import { isJsonObject, type JsonObject, pickNames } from './json.js';

/** Which of the two paths: they carry their text under different keys. */
export type OllamaKind = 'chat' | 'generate';

/** The one answer that a reply of Ollama carries. */
export const ANSWER = 'answer';

/** Why a blocked answer is over. Ollama has no word for it; clients pass on what they do not know. */
const FILTERED = 'content_filter';
const ENVELOPE_KEYS = ['model', 'created_at', 'remote_model', 'remote_host'];
const METRIC_KEYS = [
  'total_duration',
  'load_duration',
  'prompt_eval_count',
  'prompt_eval_duration',
  'eval_count',
  'eval_duration',
];

/** Returns a line that carries only this text, identified as `template` is. */
export function textEvent(path: string, text: string, template: JsonObject): StreamEvent {
  const [outer, inner] = path.split('.');
  const said =
    outer === 'message'
      ? { message: { role: 'assistant', content: '', [inner ?? 'content']: text } }
      : { response: '', [outer ?? 'response']: text };
  return { data: JSON.stringify({ ...envelopeOf(template), ...said, done: false }) };
}

/** Returns a line that carries only these members, identified as `template` is. */
export function oddEvent(kind: OllamaKind, members: JsonObject, template: JsonObject): StreamEvent {
  const { message } = members;
  // Clients read through the text of a line without a check.
  const said =
    kind === 'chat'
      ? { message: { role: 'assistant', content: '', ...(isJsonObject(message) ? message : {}) } }
      : { response: '' };
  return { data: JSON.stringify({ ...envelopeOf(template), ...members, ...said, done: false }) };
}

/** What a blocked answer is identified by, and what its reader is told; the notice of the block when left out. */
export interface RefusalOptions {
  readonly source: JsonObject;
  readonly notice?: string;
}

/** Returns the lines that tell a block and end the stream. */
export function refusalEvents(
  kind: OllamaKind,
  info: BlockInfo,
  { source, notice = info.notice }: RefusalOptions,
): StreamEvent[] {
  const dated = { created_at: timeOf(info), ...source };
  const moderation = { ...moderationOf(info), notice: info.notice };
  return [
    textEvent(noticePath(kind), notice, dated),
    { data: JSON.stringify({ ...endOf(kind, '', dated), moderation }) },
  ];
}

/** Returns a whole answer that carries the notice and nothing of the text of `source`, whose metrics it keeps. */
export function refusalBody(kind: OllamaKind, info: BlockInfo, source: JsonObject): JsonObject {
  const dated = { created_at: timeOf(info), ...source };
  return { ...endOf(kind, info.notice, dated), moderation: moderationOf(info) };
}

/** Returns the error body that tells a block. */
export function blockedError(info: BlockInfo): JsonObject {
  return { error: info.notice, code: FILTERED, moderation: moderationOf(info) };
}

/** Returns the path of the text in which a notice is read. */
export function noticePath(kind: OllamaKind): string {
  return kind === 'chat' ? 'message.content' : 'response';
}

function endOf(kind: OllamaKind, text: string, source: JsonObject): JsonObject {
  const said = kind === 'chat' ? { message: { role: 'assistant', content: text } } : { response: text };
  return { ...envelopeOf(source), ...said, done: true, done_reason: FILTERED, ...pickNames(source, METRIC_KEYS) };
}

/** Clients parse the time, so one is always there. */
function envelopeOf(source: JsonObject): JsonObject {
  return { model: 'unknown', created_at: '1970-01-01T00:00:00Z', ...pickNames(source, ENVELOPE_KEYS) };
}

function timeOf({ timeMs }: BlockInfo): string {
  return new Date(timeMs).toISOString();
}

function moderationOf(info: BlockInfo): JsonObject {
  return { blocked: true, category: info.category ?? null, hit_id: info.hitId };
}
