import { dirname, resolve } from 'node:path';
import pino from 'pino';
import { loadClassifier } from './classifier/index.js';
import { composeDetectors } from './compose-detectors.js';
import { appealRule, composeClientLimiter, composeRedisLimits } from './compose-limits.js';
import type { Config } from './config/index.js';
import type {
  AlarmClock,
  Category,
  ClientLimiter,
  EvidenceRules,
  ExtraDetector,
  LimitSource,
  Logger,
  Store,
  TextClassifier,
} from './core/index.js';
import { FeatureDatabase, FeatureKey } from './features/index.js';
import {
  type AppealDesk,
  createMetrics,
  createScreen,
  type Metrics,
  type Screen,
  SubjectEnforcement,
} from './http/index.js';
import {
  BUILTIN_LISTS,
  isPlainBuiltin,
  type Lexicon,
  type LexiconOptions,
  loadLexicon,
  loadLexiconApart,
} from './lexicon/index.js';
import { OWN_LIMITS, type RedisLimits } from './limits/index.js';
import { listsOf } from './load-allow-list.js';
import { loadEvidenceKeys } from './load-evidence-keys.js';
import { fingerprintOf } from './load-fingerprint.js';
import { loadSecret, requireSecret } from './load-secret.js';
import { Moderator } from './moderator/index.js';
import { type ResolvedPolicy, resolvePolicies } from './policy/index.js';
import {
  AppealRepository,
  type Database,
  Enforcer,
  FeatureFollower,
  type FeatureFollowerOptions,
  type OpenHitLogOptions,
  openDatabase,
  openHitLog,
  StoreFeatureLearner,
} from './store/index.js';

/** What lives as long as the process, whatever config comes and goes. */
export interface Services {
  readonly logger: Logger;
  readonly clock: AlarmClock;
  readonly metrics: Metrics;
  /** What everything that lasts stands in; undefined when nothing is to last. */
  readonly database: Database | undefined;
  readonly store: Store | undefined;
  /** Follows the steps against subjects once it was started. */
  readonly enforcer: Enforcer | undefined;
  /** Where limits are counted without Redis; in this process when left out. */
  readonly limits?: LimitSource;
  /** Of which hits the text is kept; undefined for none. */
  readonly evidence?: EvidenceRules | undefined;
  /** The feature database; undefined without a store or a key for it. */
  readonly features?: Features | undefined;
  /** Writes what is queued and releases the database. */
  close(): Promise<void>;
}

/** The feature database, and what keeps it in step with the store. */
export interface Features {
  readonly database: FeatureDatabase;
  readonly follower: FeatureFollower;
  /** Makes features of severe texts; undefined unless the config says so. */
  readonly learner: StoreFeatureLearner | undefined;
}

/** What one config makes of the services: replaced as a whole by a reload. */
export interface Pipeline {
  readonly config: Config;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
  readonly lexicon: Loaded<Lexicon>;
  readonly classifier: Loaded<TextClassifier | undefined>;
  readonly moderator: Moderator;
  readonly detectors: readonly ExtraDetector[];
  readonly redisLimits: Loaded<RedisLimits | undefined>;
  readonly clientLimiter: Loaded<ClientLimiter | undefined>;
  readonly appealLimiter: Loaded<ClientLimiter | undefined>;
  readonly screen: Screen;
}

/** Something read from files, and what it was read from: equal keys, equal parts. */
export interface Loaded<Part> {
  readonly key: string;
  readonly part: Part;
}

/** Everything wired together from one config. */
export interface Composed {
  readonly screen: Screen;
  readonly moderator: Moderator;
  readonly store: Store | undefined;
  readonly logger: Logger;
  /** Writes what is queued and releases the database. */
  close(): Promise<void>;
}

/** How to wire: `file` is the config file that relative paths start from, `record: false` leaves the store closed. */
export interface ComposeOptions {
  readonly file?: string | undefined;
  readonly record?: boolean;
}

/** How to open services: `record: false` leaves the store closed. */
export interface OpenServicesOptions {
  readonly record?: boolean;
  /** Where limits are counted without Redis; in this process when left out. */
  readonly limits?: LimitSource | undefined;
}

/** How to build a pipeline: `previous` is the one it replaces, whose unchanged parts it takes over. */
export interface ComposePipelineOptions {
  readonly file?: string | undefined;
  readonly services: Services;
  readonly previous?: Pipeline | undefined;
  /** Ends the building early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds every part that a config names.
 * @throws {SluiceError} when the lists, the model, the policies or the store cannot be used.
 */
export async function compose(config: Config, { file, record = true }: ComposeOptions = {}): Promise<Composed> {
  const services = await openServices(config, { record });
  const { store, logger } = services;
  try {
    const pipeline = await composePipeline(config, { file, services });
    const { screen, moderator } = pipeline;
    const close = async (): Promise<void> => {
      await screen.settled();
      await services.close();
      await releasePipeline(pipeline);
    };
    return { screen, moderator, store, logger, close };
  } catch (error) {
    await services.close();
    throw error;
  }
}

const systemClock: AlarmClock = {
  now: () => Date.now(),
  after(delayMs, ring) {
    const timer = setTimeout(ring, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Opens what lives as long as the process.
 * @throws {StoreError} when the store cannot be used.
 */
export async function openServices(
  config: Config,
  { record = true, limits = OWN_LIMITS }: OpenServicesOptions = {},
): Promise<Services> {
  const logger = pino({ level: config.log.level }, pino.destination(2));
  const chainKey = loadSecret(config.hitLog.chainKeyEnv);
  const evidence = record ? evidenceRules(config) : undefined;
  const evidenceKeys = evidence && loadEvidenceKeys(config.evidence.keyEnv);
  const database = record
    ? await openDatabase({ store: config.store, mayBeDown: config.hitLog.spool.maxBytes > 0, logger })
    : undefined;
  const store =
    database && (await openRecord(config, { database, chainKey, evidenceKeys, clock: systemClock, logger }));
  const enforcer = database && new Enforcer({ database, clock: systemClock, logger });
  const features = database && composeFeatures(config, { database, clock: systemClock, logger });
  const close = async (): Promise<void> => {
    try {
      await features?.learner?.close();
      await features?.follower.close();
      await enforcer?.close();
      await store?.close();
    } finally {
      await database?.close();
    }
  };
  return {
    logger,
    clock: systemClock,
    metrics: createMetrics(),
    database,
    store,
    enforcer,
    evidence,
    features,
    limits,
    close,
  };
}

/** Undefined without a key. */
function composeFeatures(
  { features: { keyEnv, automatic } }: Config,
  parts: Pick<FeatureFollowerOptions, 'database' | 'clock' | 'logger'>,
): Features | undefined {
  const secret = loadSecret(keyEnv);
  if (secret === undefined) return undefined;
  const database = new FeatureDatabase(new FeatureKey(secret));
  const own = { ...parts, features: database };
  const learner = automatic && new StoreFeatureLearner({ ...own, ...automatic });
  return { database, follower: new FeatureFollower(own), learner };
}

/** Undefined where no text is kept. */
function evidenceRules({ evidence: { categories, maxChars } }: Config): EvidenceRules | undefined {
  const kept = Object.entries(categories).flatMap(([category, days]) =>
    days === undefined ? [] : [category as Category],
  );
  return kept.length === 0 ? undefined : { categories: new Set(kept), maxChars };
}

async function openRecord(
  { store, hitLog }: Config,
  parts: Pick<OpenHitLogOptions, 'database' | 'chainKey' | 'evidenceKeys' | 'clock' | 'logger'>,
): Promise<Store> {
  try {
    return await openHitLog({ ...parts, store, tuning: hitLog });
  } catch (error) {
    await parts.database.close();
    throw error;
  }
}

/**
 * Builds the pipeline of a config. Nothing of `previous` changes, so that both can serve at the same time, and the event loop stands still
 * for no longer than milliseconds, so that it does.
 * @throws {SluiceError} when the lists, the model or the policies cannot be used.
 * @throws {Error} what `signal` is aborted with.
 */
export async function composePipeline(
  config: Config,
  { file, services, previous, signal }: ComposePipelineOptions,
): Promise<Pipeline> {
  const policies = resolvePolicies(config);
  const lexicon = await composeLexicon(config, { file, previous: previous?.lexicon, signal });
  const classifier = await composeClassifier(config, { file, previous: previous?.classifier });
  const parts = { lexicon: lexicon.part, classifier: classifier.part };
  await services.features?.follower.start();
  const features = services.features?.database;
  const moderator = new Moderator({ ...parts, features, cacheMaxBytes: config.cache.maxBytes });
  // At the start the first stream of each policy does that.
  if (previous !== undefined) await moderator.prepareStreams([...policies.values()]);
  const { store, clock, metrics, evidence, logger } = services;
  const detectors = await composeDetectors(config, { logger, metrics, file, baseDir: baseDirOf(file) }).catch(
    (error) => {
      if (classifier.part !== previous?.classifier.part) classifier.part?.dispose();
      throw error;
    },
  );
  const { from, keyEnv } = config.subject;
  const subjectKey = from === 'none' ? undefined : requireSecret(keyEnv, `subject.from: ${from}`);
  const subjects = await composeEnforcement(config, services);
  const redisLimits = await composeRedisLimits(config, { services, previous: previous?.redisLimits });
  const limits = redisLimits.part ?? services.limits ?? OWN_LIMITS;
  const { redis } = config;
  const limiting = { redis, limits };
  const clientLimiter = composeClientLimiter(config.limits.client, { ...limiting, previous: previous?.clientLimiter });
  const appealLimiter = composeClientLimiter(services.database && appealRule(config), {
    ...limiting,
    previous: previous?.appealLimiter,
  });
  const desk = composeDesk(config, { services, limiter: appealLimiter.part });
  const rules = { subjectKey, subjects, limits, clientLimiter: clientLimiter.part, desk };
  const learner = services.features?.learner;
  const screen = createScreen({
    config,
    moderator,
    policies,
    detectors,
    ...rules,
    store,
    clock,
    metrics,
    evidence,
    learner,
  });
  const limited = { redisLimits, clientLimiter, appealLimiter };
  return { config, policies, lexicon, classifier, moderator, detectors, ...limited, screen };
}

/** Frees what a pipeline has, but for what its successor took over. Nothing may use the pipeline any more. */
export async function releasePipeline(
  { classifier, detectors, clientLimiter, appealLimiter, redisLimits }: Pipeline,
  successor?: Pipeline,
): Promise<void> {
  if (classifier.part !== successor?.classifier.part) classifier.part?.dispose();
  const limiter = clientLimiter.part === successor?.clientLimiter.part ? undefined : clientLimiter.part;
  const ofAppeals = appealLimiter.part === successor?.appealLimiter.part ? undefined : appealLimiter.part;
  await Promise.all([limiter, ofAppeals, ...detectors].map((part) => part?.close()));
  if (redisLimits.part !== successor?.redisLimits.part) redisLimits.part?.close();
}

/** Without a store there is nowhere to put appeals. */
function composeDesk(
  { appeals: { maxOpen } }: Config,
  { services: { database }, limiter }: { readonly services: Services; readonly limiter: ClientLimiter | undefined },
): AppealDesk | undefined {
  if (database === undefined || limiter === undefined) return undefined;
  return { appeals: new AppealRepository(database), limiter, maxOpen };
}

async function composeEnforcement(
  { enforcement: rules }: Config,
  { enforcer, clock, metrics }: Services,
): Promise<SubjectEnforcement | undefined> {
  if (rules === undefined || enforcer === undefined) return undefined;
  await enforcer.start();
  const onRefused = (step: string): void => metrics.subjectsRefused.inc({ step });
  return new SubjectEnforcement({ enforcement: enforcer, rules, clock, onRefused });
}

/** The list files and folders that a config names, without the built-in ones; also the list of appeals while it is not there yet. */
export function listPaths({ lists, appeals: { allowList } }: Config, file: string | undefined): string[] {
  return [...pathsOf(lists), ...(allowList === undefined ? [] : [allowList])]
    .filter((path) => path !== 'builtin')
    .map((path) => resolve(baseDirOf(file), path));
}

/** What the lists of a config are loaded from. */
export function lexiconOptions(config: Config, file: string | undefined): LexiconOptions {
  const baseDir = baseDirOf(file);
  return { lists: listsOf(config, baseDir), baseDir, adjustments: config.lexicon, where: file ?? 'config' };
}

async function composeLexicon(
  config: Config,
  {
    file,
    previous,
    signal,
  }: Pick<ComposePipelineOptions, 'file' | 'signal'> & { readonly previous: Loaded<Lexicon> | undefined },
): Promise<Loaded<Lexicon>> {
  const { lists, lexicon } = config;
  const paths = [...(pathsOf(lists).includes('builtin') ? [BUILTIN_LISTS] : []), ...listPaths(config, file)];
  // Taken before the files are read: one that changes in between is read again by the next reload.
  const key = `${JSON.stringify([lists, lexicon])}\n${await fingerprintOf(paths, ['.txt'])}`;
  if (previous?.key === key) return previous;
  const options = lexiconOptions(config, file);
  // Reading what is built already is faster than starting a thread, and at the start there is nobody to wait.
  if (previous === undefined && isPlainBuiltin(options)) return { key, part: loadLexicon(options) };
  return { key, part: await loadLexiconApart(options, signal) };
}

function pathsOf(lists: Config['lists']): string[] {
  return lists.flatMap((list) => {
    if (typeof list === 'string') return [list];
    return 'path' in list ? [list.path] : [];
  });
}

async function composeClassifier(
  config: Config,
  {
    file,
    previous,
  }: { readonly file: string | undefined; readonly previous: Loaded<TextClassifier | undefined> | undefined },
): Promise<Loaded<TextClassifier | undefined>> {
  const { enabled, backend, path } = config.classifier;
  const folder = path === undefined ? undefined : resolve(baseDirOf(file), path);
  const files = folder === undefined ? '' : await fingerprintOf([folder], ['']);
  const key = `${enabled} ${backend}\n${files}`;
  if (previous?.key === key) return previous;
  return { key, part: enabled ? await loadClassifier({ backend, path: folder }) : undefined };
}

/** The folder that relative paths of a config start from. */
export function baseDirOf(file: string | undefined): string {
  return file === undefined ? process.cwd() : dirname(resolve(file));
}
