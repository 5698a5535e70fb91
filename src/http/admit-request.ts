import type { IncomingMessage, ServerResponse } from 'node:http';
import { findAdapter } from '../adapters/index.js';
import type { Answer } from './answers.js';
import { limitClient } from './limit-client.js';
import type { Route } from './route-table.js';
import type { Screen } from './screen.js';

/** A request that has just arrived. */
export interface ArrivedRequest {
  readonly req: IncomingMessage;
  /** Told that its subject is warned, if it is. */
  readonly res: ServerResponse;
  readonly path: string;
  readonly route: Route;
  /** Keyed hash of whoever sent it. */
  readonly subject: string | undefined;
}

/** The answer to a request that is refused for who sends it, before anything of it is read; undefined when it may go on. */
export async function admitRequest({ deps }: Screen, request: ArrivedRequest): Promise<Answer | undefined> {
  const { subjects, clientLimiter } = deps;
  if (subjects === undefined && clientLimiter === undefined) return undefined;
  const { req, res, path, route, subject } = request;
  const arriving = { req, subject, path, route, adapter: route.adapter ?? findAdapter(path) };
  const refusal =
    subjects?.refuse(arriving) ??
    (clientLimiter === undefined ? undefined : await limitClient(clientLimiter, arriving));
  if (refusal === undefined) subjects?.warn(subject, res);
  return refusal;
}
