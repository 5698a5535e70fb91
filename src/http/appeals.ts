import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { normalizePath } from '../adapters/index.js';
import { type Appeals, type ClientLimiter, isoOf, RequestBodyError } from '../core/index.js';
import { type Answer, bodyErrorAnswer, errorAnswer } from './answers.js';
import { sendEarly } from './early-answer.js';
import { parseJsonBody } from './json-body.js';
import { limitClient } from './limit-client.js';
import { readBody } from './read-body.js';
import type { Screen } from './screen.js';

/** What appeals are taken with. */
export interface AppealDesk {
  readonly appeals: Appeals;
  readonly limiter: ClientLimiter;
  /** Appeals that may wait for a decision. */
  readonly maxOpen: number;
}

/** How a request about appeals is read. */
export interface AppealsContext {
  readonly screen: Screen;
  /** Resolves to the JSON that the request carries. Rejects with `RequestBodyError` when it carries none. */
  readonly readJson: () => Promise<unknown>;
}

/** Where the proxy takes appeals. */
const PATH = '/sluice/appeals';
/** Largest body: a message of the greatest length, escaped character by character. */
export const MAX_APPEAL_BYTES = 16 * 1024;
/** Longest message, in UTF-16 code units. */
const MAX_MESSAGE_CHARS = 2_000;
const MAX_DEPTH = { maxJsonDepth: 4 };
const HIT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const APPEAL = /^[0-9a-f]{32}$/;
const RETRY_AFTER_SECONDS = '3600';

/** Takes and answers a request at `/sluice/appeals`; resolves to whether it was one. Without a desk there are none. */
export async function answerAppeals(
  req: IncomingMessage,
  res: ServerResponse,
  { screen, proceed }: { readonly screen: Screen; readonly proceed: () => void },
): Promise<boolean> {
  const path = normalizePath(req.url ?? '/');
  if (screen.deps.desk === undefined || (path !== PATH && !path.startsWith(`${PATH}/`))) return false;
  const readJson = async (): Promise<unknown> => {
    proceed();
    const encoding = req.headers['content-encoding'];
    return parseJsonBody(await readBody(req, { encoding, maxBytes: MAX_APPEAL_BYTES }), MAX_DEPTH);
  };
  await answerAppeal(req, res, { screen, readJson });
  return true;
}

/** Answers a request about appeals: `POST` makes one, `GET` behind whose last slash stands its id tells what became of it. */
export async function answerAppeal(req: IncomingMessage, res: ServerResponse, context: AppealsContext): Promise<void> {
  res.setHeader('cache-control', 'no-store');
  try {
    sendEarly(req, res, await appealAnswer(req, context));
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    sendEarly(req, res, bodyErrorAnswer(error));
  }
}

async function appealAnswer(req: IncomingMessage, { screen, readJson }: AppealsContext): Promise<Answer> {
  const { desk, clock } = screen.deps;
  if (desk === undefined) return notFound();
  const { method } = req;
  if (method !== 'POST' && method !== 'GET' && method !== 'HEAD') {
    const answer = problem({ status: 405, code: 'method_not_allowed', message: 'Use POST, or GET with an id.' });
    return { ...answer, headers: { allow: 'GET, HEAD, POST' } };
  }
  const counted = { req, subject: screen.subjectOf(req.headers), adapter: undefined };
  const refusal = await limitClient(desk.limiter, { ...counted, purpose: 'appeals' });
  if (refusal !== undefined) return refusal;
  if (method !== 'POST') {
    const id =
      normalizePath(req.url ?? '/')
        .split('/')
        .at(-1) ?? '';
    const state = APPEAL.test(id) ? await desk.appeals.stateOf(id) : undefined;
    if (state === undefined) return notFound();
    const { status, timeMs, decidedMs } = state;
    const times = { created: isoOf(timeMs), ...(decidedMs === null ? {} : { decided: isoOf(decidedMs) }) };
    return { status: 200, headers: {}, content: { body: { appeal: id, status, ...times } } };
  }
  const { hit, message } = readAppeal(await readJson());
  const id = randomBytes(16).toString('hex');
  // Whether the hit is recorded is not looked at: it may be on its way, and nobody can learn here which there are.
  const outcome = await desk.appeals.open({ id, hit, message, timeMs: clock.now() }, desk.maxOpen);
  switch (outcome) {
    case 'opened':
      return { status: 202, headers: {}, content: { body: { appeal: id, status: 'open' } } };
    case 'exists':
      return problem({
        status: 409,
        code: 'appeal_exists',
        message: 'There is an appeal with this reference already.',
      });
    case 'full': {
      const answer = problem({ status: 503, code: 'appeals_full', message: 'Too many appeals wait; try again later.' });
      return { ...answer, headers: { 'retry-after': RETRY_AFTER_SECONDS } };
    }
  }
}

/** @throws {RequestBodyError} saying which part is not as it must be. */
function readAppeal(body: unknown): { readonly hit: string; readonly message: string | null } {
  const { hit, message } = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const reference = typeof hit === 'string' ? hit.trim().toLowerCase() : '';
  if (!HIT.test(reference)) throw new RequestBodyError(400, '`hit` must be the reference that the notice names.');
  if (message === undefined || message === null || message === '') return { hit: reference, message: null };
  if (typeof message !== 'string' || message.length > MAX_MESSAGE_CHARS) {
    throw new RequestBodyError(400, `\`message\` must be a text of at most ${MAX_MESSAGE_CHARS} characters.`);
  }
  // What no database takes: U+0000, and half surrogate pairs.
  return { hit: reference, message: message.replace(/[\0\p{Cs}]/gu, '\u{FFFD}') };
}

function notFound(): Answer {
  return problem({ status: 404, code: 'not_found', message: 'There is no such appeal.' });
}

function problem(info: { readonly status: number; readonly code: string; readonly message: string }): Answer {
  return errorAnswer({ ...info, type: info.status < 500 ? 'invalid_request_error' : 'api_error' });
}
