import pino from 'pino';
import type { Config } from '../config/index.js';
import { ConfigError, type Logger } from '../core/index.js';
import { createOperatorRoutes, createOperatorServer, listen, type ReloadOutcome } from '../http/index.js';
import { type Database, openDatabase } from '../store/index.js';
import {
  JointLimits,
  JointMetrics,
  JointView,
  joinReloads,
  Supervisor,
  type SupervisorOptions,
  supervisorMetrics,
} from '../workers/index.js';
import { createAdminAppeals } from './admin-appeals.js';
import { adminToken } from './admin-token.js';
import type { ConfigSource } from './config-source.js';
import { demoLines } from './echo-demo.js';
import { FileWatch, WATCH_INTERVAL_MS } from './file-watch.js';
import { changedFixedSettings, type FixedSettings, fixedSettings } from './fixed-settings.js';
import { reviewOf } from './review-of.js';
import type { Served, ServeOptions } from './serve.js';

/** How several processes serve. */
export interface ServeWorkersOptions extends Pick<ServeOptions, 'env' | 'version'> {
  readonly source: ConfigSource;
  readonly workers: number;
}

/**
 * Serves in several processes, which this one starts, watches and joins; resolves once all of them listen.
 * @throws {Error} when one of them cannot start; none is left then.
 */
export async function serveWorkers({ source, workers, env, version }: ServeWorkersOptions): Promise<Served> {
  const config = source.read();
  const token = adminToken(config, env);
  const logger = pino({ level: config.log.level }, pino.destination(2));
  const fixed = shareOf(fixedSettings(config), workers);
  const limits = new JointLimits();
  const startMs = Date.now();
  const metrics: JointMetrics = new JointMetrics(supervisorMetrics(() => supervisor));
  const handlers: SupervisorOptions['handlers'] = (number) => ({
    start: () => ({ worker: number, workers, fixed }),
    lastMetrics: (values) => metrics.keep(number, values),
    jointMetrics: () => view.metrics(),
    jointDegraded: () => view.degraded(),
    jointStatus: () => view.status(),
    jointReload: () => view.reload(),
    admit: (ask) => limits.admit(ask),
    take: (ask) => limits.take(number, ask),
    end: (id) => limits.end(number, id),
  });
  const onEnd = (number: number): void => {
    limits.leave(number);
    metrics.leave(number);
  };
  const supervisor: Supervisor = new Supervisor({ workers, logger, handlers, onEnd });
  let lastReload: ReloadOutcome | undefined;
  const reloader = createReloader({ source, supervisor, first: config, logger });
  const reload = async (reason: string): Promise<ReloadOutcome> => {
    lastReload = await reloader(reason);
    return lastReload;
  };
  const about = (): Readonly<Record<string, unknown>> => ({
    version,
    configFile: source.file ?? null,
    uptimeSeconds: Math.round((Date.now() - startMs) / 1000),
    lastReload: lastReload ?? null,
  });
  const view: JointView = new JointView({
    supervisor,
    workers,
    metrics,
    about,
    reload: () => reload('admin request'),
  });
  const watch = new FileWatch({
    paths: () => source.paths,
    intervalMs: WATCH_INTERVAL_MS,
    onChange: () => reload('files changed'),
  });
  const database = config.adminListen === undefined ? undefined : await openAppeals(config, logger);
  await watch.start();
  const address = await supervisor.start().catch(async (error: unknown) => {
    await database?.close();
    throw error;
  });
  const clock = { now: () => Date.now() };
  const appeals =
    database &&
    createAdminAppeals({
      database,
      clock,
      review: () => reviewOf(source.read(), { file: source.file, database }),
    });
  const operatorServer = createOperatorServer(createOperatorRoutes({ view, token, appeals }));
  if (config.adminListen !== undefined) {
    try {
      const at = await listen(operatorServer, config.adminListen, 'adminListen');
      logger.info({ address: at }, 'operator routes listen');
    } catch (error) {
      await supervisor.stop();
      await database?.close();
      throw error;
    }
  }
  logger.info({ address, workers, version }, 'listening');
  if (config.upstream === undefined) process.stdout.write(demoLines(address));
  return {
    stopSignals: ['SIGTERM', 'SIGINT'],
    reload,
    async stop() {
      watch.stop();
      logger.info({ workers: supervisor.running.length }, 'draining');
      await supervisor.stop();
      operatorServer.close();
      operatorServer.closeAllConnections();
      await database?.close();
      logger.info({}, 'stopped');
    },
    abandon: () => supervisor.kill(),
    ended: new Promise(() => undefined),
  };
}

/** The operator decides appeals here; the workers have databases of their own. */
function openAppeals({ store, hitLog }: Config, logger: Logger): Promise<Database | undefined> {
  return openDatabase({ store, mayBeDown: hitLog.spool.maxBytes > 0, logger });
}

/** What of the settings is for all workers together, divided among them. */
function shareOf(settings: FixedSettings, workers: number): FixedSettings {
  const { hitLog } = settings;
  const maxBytes = Math.floor(hitLog.spool.maxBytes / workers);
  return { ...settings, hitLog: { ...hitLog, spool: { ...hitLog.spool, maxBytes } } };
}

/** Settings that the config has changed to no effect; none where it is invalid, which is for the workers to say. */
function changedSettings(source: ConfigSource, first: Config): readonly string[] {
  try {
    return changedFixedSettings(first, source.read());
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

/** Returns what reloads every worker; one reload runs at a time. */
function createReloader(parts: {
  readonly source: ConfigSource;
  readonly supervisor: Supervisor;
  readonly first: Config;
  readonly logger: Logger;
}): (reason: string) => Promise<ReloadOutcome> {
  const { source, supervisor, first, logger } = parts;
  const reload = async (reason: string): Promise<ReloadOutcome> => {
    const startMs = Date.now();
    const restart = changedSettings(source, first);
    const answers = await supervisor.askAll('reload', reason);
    const outcome = joinReloads(
      answers.map(([, answer]) => answer),
      startMs,
    );
    if (outcome.ok) logger.info({ reason, durationMs: outcome.durationMs }, 'config reloaded in every worker');
    else logger.error({ reason, problems: outcome.problems }, 'config not reloaded in every worker');
    if (outcome.ok && restart.length > 0) {
      logger.warn({ settings: restart }, 'changed settings that need a restart to take effect');
    }
    return outcome;
  };
  let queue: Promise<unknown> = Promise.resolve();
  return (reason) => {
    const done = queue.then(() => reload(reason));
    queue = done;
    return done;
  };
}
