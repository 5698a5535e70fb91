import type { IncomingMessage } from 'node:http';
import type { Adapter } from '../adapters/index.js';
import type { ClientLimiter } from '../core/index.js';
import { type Answer, errorAnswer } from './answers.js';

/** A request whose client is counted. */
export interface CountedRequest {
  readonly req: IncomingMessage;
  /** Who sent it; by the address when nobody is told apart. */
  readonly subject: string | undefined;
  /** The format whose clients can read the refusal. */
  readonly adapter: Adapter | undefined;
  /** Counts apart from requests of other purposes; with all that have none when left out. */
  readonly purpose?: string;
}

/** The answer to a request that is one too many: a 429 that says when to come again; undefined when it may go on. */
export async function limitClient(limiter: ClientLimiter, request: CountedRequest): Promise<Answer | undefined> {
  const { req, subject, adapter, purpose } = request;
  const client = clientOf(req, subject);
  const admitted = limiter.admit(purpose === undefined ? client : `${purpose} ${client}`);
  // Where nobody else counts there is nothing to wait for.
  const waitMs = admitted instanceof Promise ? await admitted : admitted;
  if (waitMs === undefined) return undefined;
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `Too many requests; try again in ${seconds} s.`;
  const answer = errorAnswer({ status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', message }, adapter);
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

/** Who is limited: the subject, or the address where nobody is told apart, that of Express where the host trusts its proxies. */
export function clientOf(req: IncomingMessage, subject: string | undefined): string {
  if (subject !== undefined) return subject;
  const ip: unknown = Reflect.get(req, 'ip');
  return typeof ip === 'string' ? ip : (req.socket.remoteAddress ?? '');
}
