import { compose } from './compose.js';
import { type ConfigInput, parseConfig } from './config/index.js';
import { ConfigError, type Direction, type Verdict } from './core/index.js';

export type { ConfigInput } from './config/index.js';
// What verdicts are made of, as hosts read `req.sluice` and compare actions and categories; and the errors, to be told apart.
export {
  ACTIONS,
  type Action,
  CATEGORIES,
  CATEGORY_INFO,
  type Category,
  ConfigError,
  type ConfigIssue,
  type DetectionSource,
  DetectorError,
  DIRECTIONS,
  type Direction,
  type Hit,
  LexiconError,
  type LexiconIssue,
  ModelLoadError,
  OverloadedError,
  RequestBodyError,
  RequestTargetError,
  SluiceError,
  type Span,
  StoreError,
  StreamError,
  UpstreamError,
  type Verdict,
  type Versions,
} from './core/index.js';
export { type SluiceMiddleware, sluice } from './sluice.js';

/** Judges texts outside of HTTP. */
export interface TextModerator {
  moderate(text: string, direction?: Direction): Verdict;
}

/**
 * Returns a moderator over the lists and the default policy of a config.
 * @throws {SluiceError} when the config or a list is invalid, or the config names extra detectors, which cannot answer at once.
 */
export async function createModerator(config: ConfigInput = {}): Promise<TextModerator> {
  const where = 'createModerator(config)';
  const parsed = parseConfig(config, where);
  if (parsed.detectors.length > 0) {
    const message = 'detectors are asked by the middleware and the proxy alone; leave them out here';
    throw new ConfigError(where, [{ path: 'detectors', message }]);
  }
  const { moderator, screen } = await compose(parsed, { record: false });
  const { policy } = screen.route('/', {});
  return { moderate: (text, direction = 'input') => moderator.moderate(text, { direction, policy }) };
}
