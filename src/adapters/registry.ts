import type { Adapter } from './adapter.js';
import { asArray, foldKey, isJsonObject } from './json.js';
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

/** Whether the body alone can tell that a request to this path is a chat: no format is named by the path. Never throws. */
export function isUnnamed(path: string): boolean {
  const route = normalizePath(path);
  return ![...ADAPTERS.map(({ suffix }) => suffix), ...OTHER_FORMATS].some((suffix) => route.endsWith(suffix));
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

/** One message is enough: a backend may skip what stands beside it. */
function looksLikeChat(body: unknown): boolean {
  return valuesOf(body, 'messages').some((messages) =>
    asArray(messages).some((message) => valuesOf(message, 'role').some((role) => typeof role === 'string')),
  );
}

function valuesOf(value: unknown, name: string): readonly unknown[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => (foldKey(key) === name ? [each] : []));
}
