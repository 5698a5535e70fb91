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

/** Marks requests, also for another copy of this package: one that passes several middlewares is counted once. */
const ADMITTED = Symbol.for('llm-sluice.admitted');

/** The answer to a request that is refused for who sends it, before anything of it is read; undefined when it may go on. */
export async function admitRequest({ deps }: Screen, request: ArrivedRequest): Promise<Answer | undefined> {
  const { subjects, clientLimiter } = deps;
  if (subjects === undefined && clientLimiter === undefined) return undefined;
  const { req, res, path, route, subject } = request;
  if (Reflect.get(req, ADMITTED) === true) return undefined;
  const arriving = { req, subject, path, route, adapter: route.adapter ?? findAdapter(path) };
  const refusal =
    subjects?.refuse(arriving) ??
    (clientLimiter === undefined ? undefined : await limitClient(clientLimiter, arriving));
  if (refusal !== undefined) return refusal;
  Reflect.set(req, ADMITTED, true);
  subjects?.warn(subject, res);
  return undefined;
}
