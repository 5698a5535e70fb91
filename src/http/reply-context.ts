import type { Adapter } from '../adapters/index.js';
import { RequestBodyError } from '../core/index.js';
import { type Answer, errorAnswer } from './answers.js';
import type { Route } from './route-table.js';
import type { Exchange, Screen } from './screen.js';
import { recordUnscreened } from './unscreened.js';

/** What the filters of one reply need to know. */
export interface ReplyContext {
  readonly screen: Screen;
  readonly adapter: Adapter;
  readonly exchange: Exchange;
  readonly route: Route;
}

/** The body of a reply, as its headers describe it. */
export interface ReplyBody {
  readonly status: number;
  /** Content type in lower case; empty when there is none. */
  readonly type: string;
  /** Content encoding; `undefined` when the bytes are as they are. */
  readonly encoding: string | undefined;
  /** Whether its head says how long it is. */
  readonly announced: boolean;
}

/** Headers that vouch for the very bytes of a body, so that they go when the bytes change. */
export const BYTE_HEADERS = ['etag', 'content-md5', 'content-digest', 'repr-digest', 'digest', 'accept-ranges'];

/** Headers that describe bytes which are not those that leave. */
export const OF_THE_BYTES = [...BYTE_HEADERS, 'content-length', 'content-encoding'];
/** Content types that hold no text. */
export const BINARY = /^\s*(?:audio|image(?!\/svg)|video|font|multipart)\//i;

/** Records a reply that nobody can judge, and returns what the client gets in its place if the mode protects. */
export function withhold({ screen, adapter, exchange }: ReplyContext, reason: unknown): Answer {
  recordUnscreened(screen, { exchange, direction: 'output', refused: exchange.policy.mode === 'enforce' });
  const detail = reason instanceof RequestBodyError ? ` ${reason.message}` : '';
  const message = `The reply cannot be screened and is withheld.${detail}`;
  const answer = errorAnswer({ status: 502, type: 'api_error', code: 'unscreened_reply', message }, adapter);
  // The same request would give the same reply again.
  return { ...answer, headers: { 'x-should-retry': 'false', 'x-request-id': exchange.requestId } };
}
