import type { IncomingMessage, ServerResponse } from 'node:http';
import { normalizePath } from '../adapters/index.js';
import { CATEGORIES, type Category, RequestBodyError, type Verdict } from '../core/index.js';
import { admitRequest } from './admit-request.js';
import { type Answer, bodyErrorAnswer, sendAnswer } from './answers.js';
import { sendEarly } from './early-answer.js';
import type { Exchange } from './exchange.js';
import { parseJsonBody } from './json-body.js';
import { readBody } from './read-body.js';
import { refuseUnrecorded } from './refuse-unrecorded.js';
import type { Screen } from './screen.js';

const MODEL = 'sluice';

/**
 * The 13 keys of the OpenAI endpoint, each by the categories of ours that stand for it. The value of a key is the least of its groups,
 * a group the highest of its categories: a threat is harassment that is also violent. Keys without a counterpart stay 0.
 */
const OPENAI_KEYS: Readonly<Record<string, readonly (readonly Category[])[]>> = {
  harassment: [['harassment', 'bullying', 'abusive']],
  'harassment/threatening': [['harassment', 'bullying'], ['violence']],
  hate: [['discrimination']],
  'hate/threatening': [['discrimination'], ['violence', 'harassment']],
  illicit: [['crime']],
  'illicit/violent': [['crime'], ['violence']],
  'self-harm': [],
  'self-harm/instructions': [],
  'self-harm/intent': [],
  sexual: [['sexual']],
  'sexual/minors': [['minors']],
  violence: [['violence']],
  'violence/graphic': [],
};

/** What one request is answered with. */
export interface ModerationsContext {
  readonly screen: Screen;
  readonly requestId: string;
  /** Tells a client that waits with its body to go on. */
  readonly proceed: () => void;
}

/** Answers `POST /v1/moderations` as the OpenAI endpoint does, from the policy of the route; resolves to whether the request was one. */
export async function answerModerations(
  req: IncomingMessage,
  res: ServerResponse,
  { screen, requestId, proceed }: ModerationsContext,
): Promise<boolean> {
  const path = normalizePath(req.url ?? '/');
  if (req.method !== 'POST' || !path.endsWith('/v1/moderations')) return false;
  refuseUnrecorded(screen);
  const { limits } = screen.deps.config;
  const route = screen.route(path, req.headers);
  const subject = screen.subjectOf(req.headers);
  const refusal = await admitRequest(screen, { req, res, path, route, subject });
  if (refusal !== undefined) {
    sendEarly(req, res, refusal);
    return true;
  }
  try {
    proceed();
    const bytes = await readBody(req, { encoding: req.headers['content-encoding'], maxBytes: limits.maxBodyBytes });
    const exchange = { requestId, path, policy: route.policy, subject };
    screen.holdUntilRecorded(res, exchange);
    sendAnswer(res, await moderate(screen, parseJsonBody(bytes, limits), exchange));
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    sendEarly(req, res, bodyErrorAnswer(error));
  }
  return true;
}

/**
 * The answer of the endpoint to a parsed body.
 * @throws {RequestBodyError} when `input` is missing or holds anything but text.
 */
export async function moderate(screen: Screen, body: unknown, exchange: Exchange): Promise<Answer> {
  const fields = readInputs(body).map((text, index) => ({ path: `input[${index}]`, text }));
  const results = (await screen.judgeInput(fields, exchange)).map(moderationResult);
  return { status: 200, headers: {}, content: { body: { id: `modr-${exchange.requestId}`, model: MODEL, results } } };
}

/**
 * The texts to judge: one for a string, one for each of several strings, one for all parts of a multi-part input together.
 * @throws {RequestBodyError} when `input` is none of these, or holds an image.
 */
function readInputs(body: unknown): readonly string[] {
  const input = typeof body === 'object' && body !== null && 'input' in body ? body.input : undefined;
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) {
    throw new RequestBodyError(400, '`input` must be a string, an array of strings, or an array of text parts.');
  }
  if (input.every((each) => typeof each === 'string')) return input;
  return [input.map(readPart).join('\n')];
}

function readPart(part: unknown): string {
  const isText = typeof part === 'object' && part !== null && 'type' in part && part.type === 'text';
  if (isText && 'text' in part && typeof part.text === 'string') return part.text;
  throw new RequestBodyError(
    400,
    'Only text can be moderated: every part of `input` must be {"type":"text","text":string}.',
  );
}

/** One result of the endpoint: the 13 keys, and under `sluice` the action, our ten categories and their scores. */
export function moderationResult(verdict: Verdict): object {
  const hit = new Set(verdict.hits.map(({ category }) => category));
  const value = (groups: readonly (readonly Category[])[], of: (category: Category) => number): number =>
    groups.length === 0 ? 0 : Math.min(...groups.map((group) => Math.max(...group.map(of))));
  const entries = Object.entries(OPENAI_KEYS);
  const asRecord = <T>(of: (category: Category) => T): object =>
    Object.fromEntries(CATEGORIES.map((category) => [category, of(category)]));
  return {
    flagged: verdict.action !== 'allow',
    categories: Object.fromEntries(
      entries.map(([key, groups]) => [key, value(groups, (category) => (hit.has(category) ? 1 : 0)) === 1]),
    ),
    category_scores: Object.fromEntries(
      entries.map(([key, groups]) => [key, value(groups, (category) => verdict.scores[category])]),
    ),
    category_applied_input_types: Object.fromEntries(
      entries.map(([key, groups]) => [key, groups.length === 0 ? [] : ['text']]),
    ),
    sluice: {
      action: verdict.action,
      categories: asRecord((category) => hit.has(category)),
      category_scores: asRecord((category) => verdict.scores[category]),
    },
  };
}
