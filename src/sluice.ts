import { compose } from './compose.js';
import { type ConfigInput, parseConfig } from './config/index.js';
import { createAppealsHandler, createMiddleware, createModerationsHandler, notLoadedError } from './http/index.js';
import { resolvePolicies } from './policy/index.js';

type Middleware = ReturnType<typeof createMiddleware>;

/** Express middleware that screens the exchanges of the routes behind it. */
export interface SluiceMiddleware extends Middleware {
  /**
   * Resolves once lists, model and record are loaded; until then requests wait. Rejects with the `SluiceError` that says
   * what cannot be loaded; then every request goes to the error handler of the app, with status 503.
   */
  readonly ready: Promise<void>;
  /**
   * Answers requests as the moderation endpoint of OpenAI does: `app.post('/v1/moderations', screening.moderations)`, before
   * the middleware itself.
   */
  readonly moderations: Middleware;
  /** Takes appeals of users, and tells them what became of theirs: `app.use('/sluice/appeals', screening.appeals)`. */
  readonly appeals: Middleware;
  /** Writes what is still to be recorded and frees the model. Idempotent; call it after the server is closed. */
  close(): Promise<void>;
}

/**
 * Returns Express middleware that screens the exchanges of the routes behind it.
 * @throws {ConfigError} when the config is invalid.
 * @example
 * const screening = sluice({ mode: 'shadow' });
 * await screening.ready;
 * app.use('/v1', screening);
 */
export function sluice(config: ConfigInput = {}): SluiceMiddleware {
  const parsed = parseConfig(config, 'sluice(config)');
  resolvePolicies(parsed);
  const composed = compose(parsed);
  const ready = composed.then(() => undefined);
  // Whoever does not wait for `ready` hears of it here, and in the answer to every request.
  ready.catch((error: unknown) => {
    process.emitWarning(`sluice cannot screen, requests are refused: ${error instanceof Error ? error.message : ''}`);
  });
  const screen = composed.then(
    (parts) => parts.screen,
    (cause: unknown) => {
      throw notLoadedError(cause);
    },
  );
  screen.catch(() => undefined);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= composed.then(
      (parts) => parts.close(),
      () => undefined,
    );
    return closed;
  };
  return Object.assign(createMiddleware(screen), {
    ready,
    moderations: createModerationsHandler(screen),
    appeals: createAppealsHandler(screen),
    close,
  });
}
