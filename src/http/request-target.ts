import { RequestTargetError } from '../core/index.js';

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:[/?#;]|$)/i;

/**
 * Returns the path and query that a request asks for, always starting with one slash. A host in the target is dropped:
 * only the config names the backend.
 *
 * @throws {RequestTargetError} for a target without a path, and for dot segments and backslashes, which a backend may
 * resolve to another path than the one that was judged here.
 */
export function targetPath(target: string): string {
  const rest = target.replace(ABSOLUTE, '');
  const path = /^[/?#]|^$/.test(rest) ? `/${rest.replace(/^\/+/, '')}` : rest;
  if (!path.startsWith('/')) throw new RequestTargetError('The target of the request must be a path.');
  const bare = path.split(/[?#]/, 1)[0] ?? '';
  if (DOT_SEGMENT.test(bare.replace(/%2f/gi, '/')) || /\\|%5c/i.test(bare)) {
    throw new RequestTargetError('The path of the request must not hold dot segments or backslashes.');
  }
  return path;
}
