import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ComposePipelineOptions,
  composePipeline,
  openServices,
  type Pipeline,
  releasePipeline,
  type Services,
} from '../compose.js';
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
  type OperatorView,
  registerOperatorMetrics,
  withholdOperatorRoutes,
} from '../http/index.js';
import { eraseExpired } from '../store/index.js';
import type { WorkerState } from '../workers/index.js';
import { createAdminAppeals } from './admin-appeals.js';
import { adminToken } from './admin-token.js';
import type { ConfigSource } from './config-source.js';
import type { AppealReview } from './decide-appeal.js';
import { DEMO_LIST, demoLines } from './echo-demo.js';
import { FileWatch, WATCH_INTERVAL_MS } from './file-watch.js';
import { LivePipeline } from './live-pipeline.js';
import { PeriodicJob } from './periodic-job.js';
import type { ServeOptions } from './serve.js';
import type { AsWorker } from './serve-worker.js';

const RETENTION_INTERVAL_MS = 60 * 60 * 1000;

/** How a process serves. */
export interface ServeProcessOptions extends Pick<ServeOptions, 'env' | 'version'> {
  readonly source: ConfigSource;
  /** What is different in one of several workers. */
  readonly worker?: AsWorker | undefined;
}

/** A process that serves. */
export interface ServingProcess {
  readonly view: OperatorView;
  readonly address: string;
  readonly services: Services;
  state(): WorkerState;
  /** Reads the config and the lists again; never rejects. */
  reload: LivePipeline['reload'];
  /** Lets open exchanges finish, within the drain timeout, and writes the record. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Serves in this process; resolves once it listens.
 * @throws {SluiceError} when it cannot start; nothing is left open then.
 */
export async function serveProcess({ source, env, version, worker }: ServeProcessOptions): Promise<ServingProcess> {
  const config = source.read();
  const { file } = source;
  const token = adminToken(config, env);
  const watch =
    worker === undefined
      ? new FileWatch({
          paths: () => source.paths,
          intervalMs: WATCH_INTERVAL_MS,
          onChange: () => live.reload('files changed'),
        })
      : undefined;
  await watch?.start();
  const services = await openServices(config, { limits: worker?.limits });
  const build = (next: Config, rest: Pick<ComposePipelineOptions, 'previous' | 'signal'> = {}): Promise<Pipeline> =>
    composePipeline(next.upstream === undefined ? withDemoList(next) : next, { file, services, ...rest });
  const { logger, store, clock, enforcer, features } = services;
  const first = await build(config).catch(async (error: unknown) => {
    await services.close();
    throw error;
  });
  const live: LivePipeline = new LivePipeline({
    first,
    services,
    load: async (previous, signal) => {
      const next = source.read();
      if (next.upstream === undefined && previous.config.upstream !== undefined) {
        const message = 'is missing; requests would have nowhere to go';
        throw new ConfigError(file ?? 'config', [{ path: 'upstream', message }]);
      }
      return build(next, { previous, signal });
    },
    unused: () => exchanges.settled(),
  });

  const startMs = clock.now();
  const info = (): InstanceInfo => describePipeline(live.current, version);
  const state = (): WorkerState => ({
    degraded: [
      ...(store?.stats().healthy === false ? ['store'] : []),
      ...(enforcer?.stats().healthy === false ? ['enforcement'] : []),
      ...(live.current.redisLimits.part?.healthy === false ? ['redis'] : []),
      ...(features?.follower.healthy === false ? ['features'] : []),
    ],
    draining: proxy.draining,
    status: {
      ...info(),
      configFile: file ?? null,
      mode: live.current.config.mode,
      uptimeSeconds: Math.round((clock.now() - startMs) / 1000),
      openExchanges: exchanges.count,
      draining: proxy.draining,
      store: store === undefined ? null : store.stats(),
      lastReload: live.lastReload ?? null,
    },
  });
  const { registry } = services.metrics;
  const view: OperatorView = {
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    degraded: () => state().degraded,
    ready: () => !proxy.draining,
    status: () => state().status,
    reload: () => live.reload('admin request'),
    ...worker?.joint,
  };
  const { database } = services;
  const review = (): AppealReview => {
    const { config: now, lexicon, classifier, policies } = live.current;
    const judging = { lexicon: lexicon.part, classifier: classifier.part, policies, features: features?.database };
    return { config: now, file, judge: (work) => work(judging) };
  };
  const appeals = database && createAdminAppeals({ database, clock, review });
  const operatorRoutes = createOperatorRoutes({ view, token, appeals });
  const { adminListen } = config;
  const proxy = createProxy({
    screen: () => live.current.screen,
    upstream: config.upstream ?? (await startEcho(config)),
    logger,
    ownRoutes: adminListen === undefined ? operatorRoutes : withholdOperatorRoutes(),
  });
  const exchanges = new OpenExchanges(proxy.server);
  registerOperatorMetrics(registry, {
    store,
    enforcement: enforcer,
    features: features && { count: () => features.database.size, bytes: () => features.database.bytes },
    openExchanges: () => exchanges.count,
    info,
  });
  // Once an hour for all workers.
  const retention = worker === undefined || worker.number === 1 ? retentionJob(config, services) : undefined;
  let address: string;
  try {
    // With several workers the primary has these routes.
    if (adminListen !== undefined && worker === undefined) {
      const operatorServer = createOperatorServer(operatorRoutes);
      logger.info({ address: await listen(operatorServer, adminListen, 'adminListen') }, 'operator routes listen');
    }
    address = await listen(proxy.server, config.listen, 'listen');
    logger.info({ address, ...info() }, worker === undefined ? 'listening' : 'worker listens');
    if (config.upstream === undefined && worker === undefined) process.stdout.write(demoLines(address));
    retention?.start();
    // Else the first stream would wait for it.
    void first.moderator.prepareStreams([...first.policies.values()]);
  } catch (error) {
    await services.close();
    throw error;
  }
  const stop = async (): Promise<void> => {
    watch?.stop();
    await retention?.stop();
    await live.end();
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
  };
  let stopped: Promise<void> | undefined;
  return {
    view,
    address,
    services,
    state,
    reload: (reason) => live.reload(reason),
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Undefined when there is no record. */
function retentionJob(config: Config, { database, clock, logger }: Services): PeriodicJob | undefined {
  if (database === undefined) return undefined;
  const run = async (): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const erased = await eraseExpired(database, config, clock.now());
    return Object.values(erased).some((number) => number > 0) ? { ...erased } : undefined;
  };
  return new PeriodicJob({ name: 'retention', intervalMs: RETENTION_INTERVAL_MS, run, logger });
}

function withDemoList(config: Config): Config {
  return { ...config, lists: [...config.lists, DEMO_LIST] };
}

async function startEcho(config: Config): Promise<string> {
  const echo = createEchoBackend(config.limits);
  const address = await listen(echo, '127.0.0.1:0', 'upstream', { exclusive: true });
  echo.unref();
  return `http://${address}`;
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
