import { setImmediate as nextTurn } from 'node:timers/promises';
import { composePipeline, listPaths, openServices, type Pipeline, releasePipeline, type Services } from '../compose.js';
import type { Config } from '../config/index.js';
import { ConfigError } from '../core/index.js';
import {
  createEchoBackend,
  createOperatorRoutes,
  createOperatorServer,
  createProxy,
  type InstanceInfo,
  listen,
  OpenExchanges,
  registerOperatorMetrics,
  withholdOperatorRoutes,
} from '../http/index.js';
import { loadConfig } from '../load-config.js';
import { eraseExpired, erasesAnything } from '../store/index.js';
import { DEMO_LIST, demoLines } from './echo-demo.js';
import { FileWatch } from './file-watch.js';
import { LivePipeline } from './live-pipeline.js';
import { PeriodicJob } from './periodic-job.js';

const WATCH_INTERVAL_MS = 500;
const RETENTION_INTERVAL_MS = 60 * 60 * 1000;
const MIN_TOKEN_LENGTH = 16;

/** What the command line and the environment give to `serve`. */
export interface ServeOptions {
  readonly config?: string;
  readonly upstream?: string;
  readonly listen?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Version of the package. */
  readonly version: string;
}

/** A running proxy. */
export interface Served {
  /** Reads the config and the lists again; never rejects. */
  reload(reason: string): Promise<unknown>;
  /** Lets open exchanges finish, within the drain timeout, and writes the record. */
  stop(): Promise<void>;
}

/**
 * Starts the proxy; resolves once it listens.
 * @throws {SluiceError} when it cannot start; nothing is left open then.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const overrides = {
    ...(options.upstream === undefined ? {} : { upstream: options.upstream }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
  };
  const file = options.config;
  const readConfig = (): Config => loadConfig(file, overrides);
  const config = readConfig();
  const token = adminToken(config, options.env);
  let watched = watchedPaths(config, file);
  const watch = new FileWatch({
    paths: () => watched,
    intervalMs: WATCH_INTERVAL_MS,
    onChange: () => live.reload('files changed'),
  });
  await watch.start();
  const services = await openServices(config);
  const build = (next: Config, previous?: Pipeline): Promise<Pipeline> =>
    composePipeline(next.upstream === undefined ? withDemoList(next) : next, { file, services, previous });
  const { logger, store, clock, enforcer } = services;
  const first = await build(config).catch(async (error: unknown) => {
    await services.close();
    throw error;
  });
  const live: LivePipeline = new LivePipeline({
    first,
    services,
    load: async (previous) => {
      const next = readConfig();
      if (next.upstream === undefined && previous.config.upstream !== undefined) {
        const message = 'is missing; requests would have nowhere to go';
        throw new ConfigError(file ?? 'config', [{ path: 'upstream', message }]);
      }
      // Also when the rest fails: the cure may be in a file that only the new config names.
      watched = watchedPaths(next, file);
      return build(next, previous);
    },
    unused: () => exchanges.settled(),
  });

  const startMs = clock.now();
  const info = (): InstanceInfo => describePipeline(live.current, options.version);
  const status = (): unknown => ({
    ...info(),
    configFile: file ?? null,
    mode: live.current.config.mode,
    uptimeSeconds: Math.round((clock.now() - startMs) / 1000),
    openExchanges: exchanges.count,
    draining: proxy.draining,
    store: store === undefined ? null : store.stats(),
    lastReload: live.lastReload ?? null,
  });
  const operatorRoutes = createOperatorRoutes({
    registry: services.metrics.registry,
    draining: () => proxy.draining,
    degraded: () => [
      ...(store?.stats().healthy === false ? ['store'] : []),
      ...(enforcer?.stats().healthy === false ? ['enforcement'] : []),
    ],
    admin: token === undefined ? undefined : { token, status, reload: () => live.reload('admin request') },
  });
  const { adminListen } = config;
  const proxy = createProxy({
    screen: () => live.current.screen,
    upstream: config.upstream ?? (await startEcho(config)),
    logger,
    ownRoutes: adminListen === undefined ? operatorRoutes : withholdOperatorRoutes(),
  });
  const exchanges = new OpenExchanges(proxy.server);
  registerOperatorMetrics(services.metrics.registry, {
    store,
    enforcement: enforcer,
    openExchanges: () => exchanges.count,
    info,
  });
  const retention = retentionJob(config, services);
  try {
    if (adminListen !== undefined) {
      const operatorServer = createOperatorServer(operatorRoutes);
      logger.info({ address: await listen(operatorServer, adminListen, 'adminListen') }, 'operator routes listen');
    }
    const address = await listen(proxy.server, config.listen, 'listen');
    logger.info({ address, ...info() }, 'listening');
    if (config.upstream === undefined) process.stdout.write(demoLines(address));
    retention?.start();
  } catch (error) {
    await services.close();
    throw error;
  }
  return {
    reload: (reason) => live.reload(reason),
    async stop() {
      watch.stop();
      await retention?.stop();
      logger.info({ openExchanges: exchanges.count }, 'draining');
      const drained = proxy.drain();
      // A connection kept alive after its last exchange would hold up the end for as long as its client likes.
      do {
        await exchanges.settled();
        await nextTurn();
        proxy.server.closeIdleConnections();
      } while (exchanges.count > 0);
      await drained;
      await live.current.screen.settled();
      await services.close();
      await releasePipeline(live.current);
      const { written, dropped } = store?.stats() ?? { written: 0, dropped: 0 };
      logger.info({ written, dropped }, 'stopped');
    },
  };
}

/** Undefined when everything is kept for ever. */
function retentionJob(config: Config, { database, clock, logger }: Services): PeriodicJob | undefined {
  if (database === undefined || !erasesAnything(config)) return undefined;
  const run = async (): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const erased = await eraseExpired(database, config, clock.now());
    return erased.hits + erased.texts === 0 ? undefined : { ...erased };
  };
  return new PeriodicJob({ name: 'retention', intervalMs: RETENTION_INTERVAL_MS, run, logger });
}

function withDemoList(config: Config): Config {
  return { ...config, lists: [...config.lists, DEMO_LIST] };
}

async function startEcho(config: Config): Promise<string> {
  const echo = createEchoBackend(config.limits);
  const address = await listen(echo, '127.0.0.1:0', 'upstream');
  echo.unref();
  return `http://${address}`;
}

function watchedPaths(config: Config, file: string | undefined): string[] {
  return file === undefined ? listPaths(config, file) : [file, ...listPaths(config, file)];
}

function describePipeline({ policies, lexicon, classifier }: Pipeline, version: string): InstanceInfo {
  return {
    version,
    policy: policies.get('default')?.version ?? '',
    lexicon: lexicon.part.version,
    model: classifier.part?.version ?? 'none',
    backend: classifier.part?.backend ?? 'none',
  };
}

function adminToken({ admin }: Config, env: ServeOptions['env']): string | undefined {
  const token = env[admin.tokenEnv];
  if (token === undefined || token === '') return undefined;
  if (token.length < MIN_TOKEN_LENGTH || /[^\x21-\x7E]/.test(token)) {
    const message = `must hold at least ${MIN_TOKEN_LENGTH} printable ASCII characters without spaces`;
    throw new ConfigError('environment', [{ path: admin.tokenEnv, message }]);
  }
  return token;
}
