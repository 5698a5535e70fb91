import { type Adapter, adapterNamed, createPlainFormat, normalizePath } from '../adapters/index.js';
import type { Config, RouteConfig } from '../config/index.js';
import type { ResolvedPolicy } from '../policy/index.js';

/** What applies to a request. */
export interface Route {
  readonly policy: ResolvedPolicy;
  /** What reads the bodies, where the route says so; else the path or the body tells. */
  readonly adapter: Adapter | undefined;
  /** What happens to a body that nothing can read. */
  readonly unscreened: 'allow' | 'refuse';
  /** Whether the route itself says so, and not the config as a whole. */
  readonly explicit: boolean;
}

/** Headers by lower-case name. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Returns the function that finds the route of a path and its headers; the first that matches wins.
 * @throws {TypeError} in the returned function, when there is no default policy.
 */
export function createRouteTable(
  config: Pick<Config, 'routes' | 'unscreened'>,
  policies: ReadonlyMap<string, ResolvedPolicy>,
): (path: string, headers: Headers) => Route {
  // Compiled here, not per request.
  const routes = config.routes.map((route) => ({
    ...route,
    pattern: globToRegExp(route.path),
    adapter: adapterOf(route),
  }));
  return (path, headers) => {
    const bare = normalizePath(path);
    const found = routes.find(
      ({ pattern, header }) =>
        (pattern.test(bare) || pattern.test(`${bare}/`)) &&
        Object.entries(header ?? {}).every(([name, value]) => headers[name.toLowerCase()] === value),
    );
    const policy = policies.get(found?.policy ?? 'default') ?? policies.get('default');
    if (policy === undefined) throw new TypeError('There is no default policy.');
    const explicit = found?.unscreened !== undefined;
    return { policy, adapter: found?.adapter, unscreened: found?.unscreened ?? config.unscreened, explicit };
  };
}

/** Whether a request that no adapter reads is refused. Without a body there is nothing to read, so only a route of its own refuses it. */
export function refusesUnscreened(
  route: Route,
  request: { readonly method: string; readonly hasBody: boolean },
): boolean {
  if (route.unscreened === 'allow') return false;
  return route.explicit || request.hasBody || !BODILESS.has(request.method);
}

function adapterOf({ format }: RouteConfig): Adapter | undefined {
  return typeof format === 'object' ? createPlainFormat(format) : format && adapterNamed(format);
}

/** Pattern of a glob: `*` within a segment, `**` across; in any case. */
export function globToRegExp(glob: string): RegExp {
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'i');
}
