import type { IncomingMessage } from 'node:http';
import { AppealError, RequestBodyError, SluiceError } from '../core/index.js';
import { parseJsonBody } from './json-body.js';
import { readBody } from './read-body.js';

/** Appeals as the admin routes show and decide them; every result is written as JSON. */
export interface AdminAppeals {
  /** Appeals of a status, or all. Rejects with `AppealError` for a status that is none. */
  list(status: string | undefined): Promise<unknown>;
  /** The appeal about a hit. Rejects with `AppealError` when there is none. */
  show(hit: string): Promise<unknown>;
  /** What a decision comes to, done if the order says so. Rejects with `SluiceError` when it cannot be. */
  decide(hit: string, order: unknown): Promise<unknown>;
}

/** What an admin request is answered with. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

const PREFIX = '/sluice/admin/appeals';
const MAX_BODY_BYTES = 64 * 1024;

/** Whether a path, without its query, is one of appeals. */
export function isAdminAppealsPath(path: string): boolean {
  return path === PREFIX || path.startsWith(`${PREFIX}/`);
}

/** Answers a request at `/sluice/admin/appeals` (`GET`) or below it, by the reference of the notice (`GET`, `POST`). */
export async function adminAppealsAnswer(req: IncomingMessage, appeals: AdminAppeals): Promise<AdminAnswer> {
  const [path = '', query] = (req.url ?? '').split('?', 2);
  const hit = path.slice(PREFIX.length + 1);
  try {
    if (req.method === 'GET' || req.method === 'HEAD') {
      const body =
        hit === ''
          ? await appeals.list(new URLSearchParams(query).get('status') ?? undefined)
          : await appeals.show(hit);
      return { status: 200, body };
    }
    if (req.method !== 'POST' || hit === '')
      return { status: 405, body: { error: hit === '' ? 'use GET' : 'use GET or POST' } };
    const encoding = req.headers['content-encoding'];
    const bytes = await readBody(req, { encoding, maxBytes: MAX_BODY_BYTES });
    return { status: 200, body: await appeals.decide(hit, parseJsonBody(bytes, { maxJsonDepth: 4 })) };
  } catch (error) {
    if (error instanceof AppealError || error instanceof RequestBodyError) {
      return { status: error.status, body: { error: error.message } };
    }
    if (error instanceof SluiceError) return { status: 500, body: { error: `${error.code}: ${error.message}` } };
    throw error;
  }
}
