import type { FormatName } from '../core/index.js';
import type { Adapter, ShapedRequest } from './adapter.js';
import { anthropicBatchResults } from './anthropic-batch-results.js';
import { anthropicMessages } from './anthropic-messages.js';
import { ollamaEmbed, openaiEmbeddings } from './embeddings.js';
import { openaiImages, openaiSpeech, rerank } from './input-formats.js';
import { ollamaChat, ollamaGenerate } from './ollama.js';
import { openaiChat } from './openai-chat.js';
import { openaiCompletions } from './openai-completions.js';
import { openaiResponses } from './openai-responses.js';

/** An adapter, and the ends of request paths that name its format; `*` stands for one segment. */
export interface RegisteredAdapter {
  readonly adapter: Adapter;
  readonly suffixes: readonly string[];
}

/** Every adapter there is. Where the shape of a body fits several, the first wins. */
export const ADAPTERS: readonly RegisteredAdapter[] = [
  { adapter: anthropicMessages, suffixes: ['/messages', '/messages/count_tokens', '/messages/batches'] },
  { adapter: anthropicBatchResults, suffixes: ['/messages/batches/*/results'] },
  { adapter: ollamaChat, suffixes: ['/api/chat'] },
  { adapter: ollamaGenerate, suffixes: ['/api/generate'] },
  { adapter: ollamaEmbed, suffixes: ['/api/embed', '/api/embeddings'] },
  { adapter: openaiResponses, suffixes: ['/responses', '/responses/*', '/responses/*/cancel'] },
  { adapter: openaiChat, suffixes: ['/chat/completions', '/chat/completions/*'] },
  { adapter: openaiCompletions, suffixes: ['/completions'] },
  { adapter: openaiEmbeddings, suffixes: ['/embeddings'] },
  { adapter: openaiImages, suffixes: ['/images/generations'] },
  { adapter: openaiSpeech, suffixes: ['/audio/speech'] },
  { adapter: rerank, suffixes: ['/rerank'] },
];

/** The same, taken apart: what most requests are found by is compared first, as it stands. */
const BY_PATH = ADAPTERS.map(({ adapter, suffixes }) => ({
  adapter,
  ends: suffixes.filter((suffix) => !suffix.includes('*')),
  patterns: suffixes.filter((suffix) => suffix.includes('*')).map((suffix) => suffix.split('/').slice(1)),
}));
/** A path that has but one spelling. */
const NORMAL_PATH = /^(?:\/[a-z0-9_.~-]+)+$/;

/**
 * Returns the adapter for a request, by path or else by its shape; `undefined` when nothing fits. Never throws.
 */
export function findAdapter(path: string, request?: ShapedRequest): Adapter | undefined {
  const named = adapterOfPath(normalizePath(path));
  if (named !== undefined) return named;
  return request && ADAPTERS.find(({ adapter }) => adapter.recognizes(request))?.adapter;
}

/** Returns the adapter of a format. */
export function adapterNamed(name: FormatName): Adapter {
  const found = ADAPTERS.find(({ adapter }) => adapter.name === name);
  if (found === undefined) throw new TypeError(`There is no adapter for ${name}.`);
  return found.adapter;
}

/** Whether the body alone can tell the format of a request to this path: the path names none. Never throws. */
export function isUnnamed(path: string): boolean {
  return adapterOfPath(normalizePath(path)) === undefined;
}

/** Folds the spellings that servers take for the same path, so that none of them goes around the screen. Never throws. */
export function normalizePath(path: string): string {
  if (NORMAL_PATH.test(path)) return path;
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

function adapterOfPath(route: string): Adapter | undefined {
  let segments: string[] | undefined;
  for (const { adapter, ends, patterns } of BY_PATH) {
    if (ends.some((end) => route.endsWith(end))) return adapter;
    for (const pattern of patterns) {
      segments ??= route.split('/').slice(1);
      if (endsLike(segments, pattern)) return adapter;
    }
  }
  return undefined;
}

function endsLike(segments: readonly string[], pattern: readonly string[]): boolean {
  const before = segments.length - pattern.length;
  return before >= 0 && pattern.every((wanted, index) => wanted === '*' || wanted === segments[before + index]);
}
