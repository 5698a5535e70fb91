import type { Adapter } from './adapter.js';
import { asArray, isJsonObject } from './json.js';
import { openaiChat } from './openai-chat.js';

/** The adapters, and how the end of a request path names them. */
export type AdapterSet = readonly { readonly suffix: string; readonly adapter: Adapter }[];

/** Every adapter there is. */
export const ADAPTERS: AdapterSet = [{ suffix: '/chat/completions', adapter: openaiChat }];

/** Paths of formats that look like chat in the request but answer in another shape. */
const OTHER_FORMATS = ['/messages', '/api/chat', '/api/generate', '/responses'];

/**
 * Returns the adapter for a request, by path or else by the shape of the body; `undefined` when nothing fits. Never throws.
 */
export function findAdapter(path: string, body: unknown): Adapter | undefined {
  const route = normalizePath(path);
  const named = ADAPTERS.find(({ suffix }) => route.endsWith(suffix));
  if (named !== undefined) return named.adapter;
  if (OTHER_FORMATS.some((suffix) => route.endsWith(suffix))) return undefined;
  return looksLikeChat(body) ? openaiChat : undefined;
}

/** Folds the spellings that servers take for the same path, so that none of them goes around the screen. Never throws. */
export function normalizePath(path: string): string {
  const bare = (path.split(/[?#]/, 1)[0] ?? '').replace(/%([0-7][0-9a-fA-F])/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  // Some servers cut `;parameters` off each segment.
  const plain = bare
    .replace(/;[^/]*/g, '')
    .toLowerCase()
    .replace(/\/+/g, '/');
  return plain.length > 1 ? plain.replace(/\/$/, '') : plain;
}

function looksLikeChat(body: unknown): boolean {
  const messages = isJsonObject(body) ? asArray(body['messages']) : [];
  return (
    messages.length > 0 && messages.every((message) => isJsonObject(message) && typeof message['role'] === 'string')
  );
}
