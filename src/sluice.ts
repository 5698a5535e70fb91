import { compose } from './compose.js';
import { type ConfigInput, parseConfig } from './config/index.js';
import { createMiddleware } from './http/index.js';

/**
 * Returns Express middleware that screens the exchanges of the routes behind it; a part that cannot be loaded fails every request.
 * @throws {ConfigError} when the config is invalid.
 */
export function sluice(config: ConfigInput = {}): ReturnType<typeof createMiddleware> {
  const composed = compose(parseConfig(config, 'sluice(config)'));
  // Requests await the same promise and report its failure.
  composed.catch(() => undefined);
  return createMiddleware(composed.then(({ screen }) => screen));
}
