import type { Adapter, BlockInfo } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import {
  type Clock,
  type Direction,
  type Store,
  StreamError,
  strongerAction,
  type TextEdit,
  type Verdict,
} from '../core/index.js';
import type { Moderator, StreamModerator } from '../moderator/index.js';
import { type ResolvedPolicy, redactText } from '../policy/index.js';
import { encodeSse, type SseEvent, SseParser } from '../sse/index.js';
import type { Metrics } from './metrics.js';

/** What the pipeline is made of. */
export interface ScreenDeps {
  readonly config: Config;
  readonly moderator: Moderator;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
  readonly store: Store | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** One exchange, as the record names it. */
export interface Exchange {
  readonly requestId: string;
  readonly path: string;
  readonly policy: ResolvedPolicy;
}

/** A body after screening. */
export interface ScreenedBody {
  /** The strongest verdict of the fields, if there were any. */
  readonly verdict: Verdict | undefined;
  readonly body: unknown;
  readonly changed: boolean;
  /** Set when the body must not pass. */
  readonly blocked: BlockInfo | undefined;
}

/** The one pipeline that proxy and middleware share. */
export interface Screen {
  readonly deps: ScreenDeps;
  /** Which policy a path gets, and what happens there to bodies that nothing can read. */
  route(path: string, headers: Headers): { readonly policy: ResolvedPolicy; readonly unscreened: 'allow' | 'refuse' };
  /** Judges every text field of a body. */
  screenBody(adapter: Adapter, body: unknown, direction: Direction, exchange: Exchange): ScreenedBody;
  /** Starts to judge an event stream. */
  openStream(adapter: Adapter, exchange: Exchange): ScreenedStream;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Returns the pipeline over its parts. */
export function createScreen(deps: ScreenDeps): Screen {
  // Compiled here, not per request.
  const routes = deps.config.routes.map((route) => ({ ...route, pattern: globToRegExp(route.path) }));
  return {
    deps,
    route(path, headers) {
      const bare = path.split(/[?#]/, 1)[0] ?? '';
      const found = routes.find(
        (route) =>
          route.pattern.test(bare) &&
          Object.entries(route.header ?? {}).every(([name, value]) => headers[name.toLowerCase()] === value),
      );
      const policy = deps.policies.get(found?.policy ?? 'default') ?? deps.policies.get('default');
      if (policy === undefined) throw new TypeError('There is no default policy.');
      return { policy, unscreened: found?.unscreened ?? deps.config.unscreened };
    },
    screenBody(adapter, body, direction, exchange) {
      const edits: TextEdit[] = [];
      let strongest: Verdict | undefined;
      for (const field of adapter.readTexts(body, direction)) {
        const verdict = deps.moderator.moderate(field.text, { direction, policy: exchange.policy });
        record(deps, { verdict, direction, field: field.path, exchange });
        if (strongest === undefined || strongerAction(strongest.applied, verdict.applied) !== strongest.applied) {
          strongest = verdict;
        }
        if (verdict.applied === 'redact') {
          edits.push({ path: field.path, text: redactText(field.text, verdict.hits, exchange.policy.mask) });
        }
      }
      const blocked = strongest?.applied === 'block' ? blockInfo(strongest, direction, exchange) : undefined;
      const changed = blocked === undefined && edits.length > 0;
      return { verdict: strongest, body: changed ? adapter.writeTexts(body, edits) : body, changed, blocked };
    },
    openStream: (adapter, exchange) => new ScreenedStream(deps, adapter, exchange),
  };
}

/** An event stream on its way out: bytes go in, wire text that may leave comes out. */
export class ScreenedStream {
  readonly #deps: ScreenDeps;
  readonly #adapter: Adapter;
  readonly #exchange: Exchange;
  readonly #parser: SseParser;
  readonly #channels = new Map<string, StreamModerator>();
  #template: SseEvent | undefined;
  #blocked = false;

  constructor(deps: ScreenDeps, adapter: Adapter, exchange: Exchange) {
    this.#deps = deps;
    this.#adapter = adapter;
    this.#exchange = exchange;
    this.#parser = new SseParser({ maxEventBytes: deps.config.limits.maxEventBytes });
  }

  /** Whether the stream was ended by a block; nothing may follow. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /**
   * Takes bytes of the backend and returns what may be sent now.
   * @throws {StreamError} when an event is too large or not JSON.
   */
  push(chunk: Uint8Array): string {
    return this.#events(this.#parser.feed(chunk));
  }

  /**
   * Returns the rest after the last byte.
   * @throws {StreamError} as `push`.
   */
  end(): string {
    let wire = this.#events(this.#parser.end());
    if (!this.#blocked) wire += this.#flush([...this.#channels.keys()], new Map());
    return wire;
  }

  #events(events: readonly SseEvent[]): string {
    let wire = '';
    for (const event of events) {
      if (this.#blocked) break;
      wire += this.#event(event);
    }
    return wire;
  }

  #event(event: SseEvent): string {
    if (event.comment !== undefined) return encodeSse(event);
    const done = event.data.trim() === '[DONE]';
    if (!done) {
      assertJson(event.data);
      this.#template = event;
    }
    const replacements = new Map<string, string>();
    for (const { channel, text } of this.#adapter.readDelta(event)) {
      const stream = this.#channel(channel);
      replacements.set(channel, stream.push(text));
      if (stream.blocked) return this.#block();
    }
    const ends = this.#adapter.endsChannels(event);
    const open = [...this.#channels.keys()];
    const closing = ends === 'all' ? open : open.filter((channel) => ends?.includes(channel));
    const before = this.#flush(closing, replacements);
    if (this.#blocked) return before;
    return before + encodeSse(this.#adapter.writeDelta(event, replacements));
  }

  /** Ends channels; their held text joins the event's own text, or leaves in an event of its own. */
  #flush(channels: readonly string[], replacements: Map<string, string>): string {
    let wire = '';
    for (const channel of channels) {
      const stream = this.#channel(channel);
      const rest = stream.end();
      if (stream.blocked) return wire + this.#block();
      this.#record(channel, stream);
      this.#channels.delete(channel);
      const own = replacements.get(channel);
      if (own !== undefined) replacements.set(channel, own + rest);
      else if (rest !== '' && this.#template !== undefined) {
        wire += encodeSse(this.#adapter.frameDelta(channel, rest, this.#template));
      }
    }
    return wire;
  }

  #block(): string {
    this.#blocked = true;
    for (const [channel, stream] of this.#channels) this.#record(channel, stream);
    return this.#adapter.frameBlocked(this.#template).map(encodeSse).join('');
  }

  #record(channel: string, stream: StreamModerator): void {
    record(this.#deps, { verdict: stream.verdict(), direction: 'output', field: channel, exchange: this.#exchange });
  }

  #channel(channel: string): StreamModerator {
    const known = this.#channels.get(channel);
    if (known !== undefined) return known;
    const { moderator, config } = this.#deps;
    const { policy } = this.#exchange;
    const opened = moderator.openStream({ direction: 'output', policy, maxHoldChars: config.hold.maxHoldChars });
    this.#channels.set(channel, opened);
    return opened;
  }
}

function record(
  deps: ScreenDeps,
  entry: { verdict: Verdict; direction: Direction; field: string; exchange: Exchange },
): void {
  const { verdict, direction, field, exchange } = entry;
  deps.metrics.screened.inc({ direction, action: verdict.applied });
  for (const { category, source, action } of verdict.hits) deps.metrics.hits.inc({ category, source, action });
  const failed = verdict.failedDetectors.length > 0;
  if (verdict.hits.length === 0 && !failed) return;
  deps.store?.record({
    timeMs: deps.clock.now(),
    requestId: exchange.requestId,
    direction,
    route: exchange.path.split(/[?#]/, 1)[0] ?? '',
    outcome: failed && verdict.applied !== 'block' ? 'failed-open' : 'screened',
    field,
    policy: verdict.policy,
    mode: exchange.policy.mode,
    action: verdict.action,
    applied: verdict.applied,
    hits: verdict.hits,
    versions: verdict.versions,
  });
}

function blockInfo(verdict: Verdict, direction: Direction, exchange: Exchange): BlockInfo {
  const what = direction === 'input' ? 'The request' : 'The reply';
  return {
    notice: `${what} was withheld by the content policy. Reference: ${exchange.requestId}.`,
    hitId: exchange.requestId,
    category: verdict.hits.find((hit) => hit.action === 'block')?.category,
  };
}

function assertJson(data: string): void {
  try {
    JSON.parse(data);
  } catch {
    throw new StreamError('An event of the stream is not valid JSON.');
  }
}

function globToRegExp(glob: string): RegExp {
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'i');
}
