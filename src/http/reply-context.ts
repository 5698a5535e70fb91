import type { Adapter } from '../adapters/index.js';
import type { Exchange, Screen } from './screen.js';

/** What the filters of one reply need to know. */
export interface ReplyContext {
  readonly screen: Screen;
  readonly adapter: Adapter;
  readonly exchange: Exchange;
  /** What happens to a reply that nothing can read. */
  readonly unscreened: 'allow' | 'refuse';
}

/** The body of a reply, as its headers describe it. */
export interface ReplyBody {
  readonly status: number;
  /** Content type in lower case, without parameters; empty when there is none. */
  readonly type: string;
  /** Content encoding; `undefined` when the bytes are as they are. */
  readonly encoding: string | undefined;
}

/** Headers that vouch for the very bytes of a body, so that they go when the bytes change. */
export const BYTE_HEADERS = ['etag', 'content-md5', 'content-digest', 'repr-digest', 'digest', 'accept-ranges'];
