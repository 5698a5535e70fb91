import { z } from 'zod';
import { CATEGORIES, type Category } from '../core/index.js';
import { AppealsConfig } from './appeals.js';
import { DetectorConfig } from './detectors.js';
import { EnforcementConfig } from './enforcement.js';
import { EvidenceConfig } from './evidence.js';
import { FeaturesConfig } from './features.js';
import { parseListenAddress } from './listen-address.js';
import { ListConfig, listFields } from './lists.js';
import { PolicyConfig } from './policies.js';
import { RetentionConfig } from './retention.js';
import { RouteConfig, UnscreenedConfig } from './routes.js';
import { bytes, environmentName, milliseconds } from './units.js';

const entryId = z.string().min(1);

const address = z
  .string()
  .regex(/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, such as 127.0.0.1:8080');
/** Everything that can be configured; every key has a default. */
export const Config = z
  .strictObject({
    listen: address
      .default('127.0.0.1:8080')
      .describe('Host and port the proxy listens on. A host other than loopback opens it to the network.'),
    adminListen: address
      .optional()
      .describe(
        'Host and port of health checks, metrics and admin routes; on the port of the proxy when left out, otherwise only here.',
      ),
    server: z
      .strictObject({
        workers: z
          .union([z.int().min(1).max(256), z.literal('auto')])
          .default(1)
          .describe(
            'Processes of the proxy that serve requests on this machine; `auto` is one for each processor. With more than one, another process starts them and replaces those that end.',
          ),
      })
      .prefault({})
      .describe('How the proxy runs.'),
    admin: z
      .strictObject({
        tokenEnv: environmentName
          .default('SLUICE_ADMIN_TOKEN')
          .describe(
            'Environment variable with the bearer token of the admin routes, 16 characters or more; while it is not set, there are no admin routes.',
          ),
      })
      .prefault({})
      .describe('The admin routes of the proxy.'),
    upstream: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Base URL of the backend that the proxy forwards to; not needed for the middleware.'),
    policies: z
      .record(z.string().min(1), PolicyConfig)
      .default({})
      .describe("Policies by name. 'default' always exists and may be changed here."),
    routes: z
      .array(RouteConfig)
      .default([])
      .describe("Which requests use which policy; the first match wins, else 'default'."),
    unscreened: UnscreenedConfig.default('allow').describe(
      'What happens to a body of an unknown shape, which cannot be screened: `allow` lets it pass unread. GET, HEAD and OPTIONS without a body always pass, unless their own route says `refuse`.',
    ),
    lists: z
      .array(ListConfig)
      .default(['builtin'])
      .describe('Word lists: `builtin`, files or folders relative to the config file, and the objects below.'),
    lexicon: z
      .strictObject({
        disable: z
          .array(entryId.describe('Id of an entry, or a pattern of ids with `*`.'))
          .default([])
          .describe('Ids of list entries that are left out; `*` stands for any characters, as in `en/abusive/*`.'),
        override: z
          .array(
            z
              .strictObject({
                id: entryId.describe('Id of the entry; `*` stands for any characters.'),
                severity: listFields.severity.describe('Severity, 1 (mild) to 4 (severe), that the entry has instead.'),
                category: z.enum(CATEGORIES).optional().describe('Category that the entry has instead.'),
              })
              .describe('What is different about one entry, or about all that a pattern names.'),
          )
          .default([])
          .describe('List entries that get another severity or category; of several for one entry the last wins.'),
      })
      .prefault({})
      .describe('Changes to list entries, also built-in ones.'),
    mode: z
      .enum(['enforce', 'shadow', 'annotate'])
      .default('enforce')
      .describe(
        '`enforce` acts; `shadow` only decides and records; `annotate` also tells the client, in headers and on the last event of a streamed answer. Only `enforce` protects.',
      ),
    store: z
      .string()
      .regex(
        /^(?:none|sqlite:.+|postgres(?:ql)?:\/\/\S+)$/,
        'must be sqlite:<file>, postgres://user@host:port/database or none',
      )
      .default('sqlite:./sluice.db')
      .describe(
        'Where hits are recorded: `sqlite:<file>`, `postgres://user@host:port/database` for many replicas, or `none` for no record at all. The password may stand in PGPASSWORD instead; `?sslmode=verify-full` encrypts, `?schema=name` names the PostgreSQL schema (`sluice`).',
      ),
    onDetectorError: z
      .enum(['block', 'allow'])
      .default('block')
      .describe('What happens to a text when a detector fails. `allow` lets text pass that nobody has screened.'),
    classifier: z
      .strictObject({
        enabled: z.boolean().default(true).describe('Whether the classifier runs beside the word lists.'),
        backend: z
          .enum(['auto', 'kernel', 'tfjs-node', 'tfjs-wasm', 'tfjs-cpu'])
          .default('auto')
          .describe('What computes the scores; `auto` takes the fastest that works.'),
        path: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Folder of the model, relative to the config file; the shipped one when left out. A TensorFlow.js layers model of your own says `"input": "hashed"` in its metadata.json.',
          ),
      })
      .prefault({})
      .describe('The text classifier.'),
    detectors: z
      .array(DetectorConfig)
      .default([])
      .describe(
        'Remote services and models of your own that judge Input texts too, all at once; the thresholds of the policies hold for their scores.',
      ),
    cache: z
      .strictObject({
        maxBytes: z
          .int()
          .min(0)
          .default(16 * 1024 * 1024)
          .describe('Memory for remembered verdicts, in bytes; 0 turns the cache off.'),
      })
      .prefault({})
      .describe('The verdict cache.'),
    limits: z
      .strictObject({
        maxBodyBytes: bytes
          .default(10 * 1024 * 1024)
          .describe('Largest request or response body, in bytes after decompression.'),
        maxJsonDepth: z.int().min(1).default(64).describe('Deepest nesting of a JSON body, in levels.'),
        maxJsonValues: z
          .int()
          .min(1)
          .default(100_000)
          .describe('Most values in the JSON body of a request that is screened: each may be a text to judge.'),
        maxEventBytes: bytes.default(1024 * 1024).describe('Largest event of a stream, in bytes.'),
        upstreamConnectTimeoutMs: milliseconds
          .default(10_000)
          .describe('Longest wait for a connection to the upstream, in milliseconds.'),
        upstreamIdleTimeoutMs: milliseconds
          .default(300_000)
          .describe(
            'Longest silence of the upstream, in milliseconds; anything it sends, even a comment, ends a silence.',
          ),
        upstreamMaxDurationMs: milliseconds
          .default(3_600_000)
          .describe(
            'Longest exchange with the upstream from its start to its last byte, in milliseconds; 0 for no end.',
          ),
        keepAliveMs: milliseconds
          .default(75_000)
          .describe(
            'How long a connection of a client stays open between two requests, in milliseconds. Longer than a balancer in front keeps it, or that may send a request into a connection that is being closed.',
          ),
        drainTimeoutMs: milliseconds
          .default(10_000)
          .describe('Longest wait for open requests at shutdown, in milliseconds.'),
        client: z
          .strictObject({
            maxRequests: z.int().min(1).describe('Requests of one client within the time; further ones get 429.'),
            perSeconds: z.int().min(1).max(86_400).default(60).describe('That time, in seconds.'),
          })
          .optional()
          .describe(
            'Requests of one client, which is a subject, or an address where `subject.from` is `none`; no limit when left out. With `redis` all processes count together.',
          ),
        upstream: z
          .strictObject({
            maxConcurrent: z.int().min(1).describe('Requests to the upstream at one time.'),
            maxQueued: z.int().min(0).describe('Requests that may wait for a turn; further ones are refused with 503.'),
            maxPerSecond: z
              .int()
              .min(1)
              .max(1000)
              .optional()
              .describe('Requests started per second, evenly spaced; any number when left out.'),
          })
          .optional()
          .describe('Queue in front of the upstream; none when left out. With `redis` all processes share it.'),
        upstreamPerClient: z
          .strictObject({
            maxConcurrent: z.int().min(1).describe('Requests of one client to the upstream at one time.'),
            maxQueued: z
              .int()
              .min(0)
              .describe('Requests of one client that may wait for a turn; further ones are refused with 429.'),
            maxPerSecond: z
              .int()
              .min(1)
              .max(1000)
              .optional()
              .describe('Requests of one client started per second, evenly spaced; any number when left out.'),
          })
          .optional()
          .describe(
            'Queue of each client in front of that, so that none of them takes all turns; none when left out. A client is who it is for `client`.',
          ),
      })
      .prefault({})
      .describe('Limits on everything that comes from outside.'),
    redis: z
      .strictObject({
        url: z
          .string()
          .regex(/^rediss?:\/\/.+$/, 'must be redis://host:port or rediss://host:port')
          .describe('Where Redis is; a number behind the last slash chooses the database.'),
        passwordEnv: environmentName
          .default('SLUICE_REDIS_PASSWORD')
          .describe('Environment variable with the password; none while it is not set.'),
        prefix: z.string().default('sluice:').describe('What every key begins with, those of turns behind `b_`.'),
      })
      .optional()
      .describe(
        'What processes share their limits by; each counts alone when left out, and while Redis is away. Their clocks must agree within seconds.',
      ),
    log: z
      .strictObject({
        level: z
          .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
          .default('info')
          .describe('Least severe level that is logged. Logs never hold user text.'),
      })
      .prefault({})
      .describe('The process log.'),
    subject: z
      .strictObject({
        from: z
          .enum(['none', 'api-key', 'header'])
          .default('none')
          .describe(
            'Who counts as one subject: `none` tells nobody apart; `api-key` by the key of the client (`authorization`, `x-api-key` or `api-key`); `header` by the value of one header.',
          ),
        header: z
          .string()
          .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header')
          .optional()
          .describe('That header. Only something in front of sluice may be able to set it.'),
        keyEnv: environmentName
          .default('SLUICE_SUBJECT_KEY')
          .describe(
            'Environment variable with the secret that subjects are hashed with, 16 characters or more. With another one everybody is somebody else.',
          ),
      })
      .prefault({})
      .describe('Whom the record names, as a keyed hash and nothing else.'),
    enforcement: EnforcementConfig.optional(),
    evidence: EvidenceConfig,
    features: FeaturesConfig,
    retention: RetentionConfig,
    appeals: AppealsConfig,
    hitLog: z
      .strictObject({
        durability: z
          .enum(['batch', 'request'])
          .default('batch')
          .describe(
            'When an answer may leave: `batch` at once, so that a killed process loses up to `batchMs` of hits; `request` when the hits of its exchange are on disk.',
          ),
        commitTimeoutMs: milliseconds
          .default(5_000)
          .describe(
            'Longest wait of an answer for its hits with `durability: request`, in milliseconds; then `overflow` decides.',
          ),
        overflow: z
          .enum(['drop-oldest', 'block-traffic'])
          .default('drop-oldest')
          .describe(
            'When hits can be kept nowhere: `drop-oldest` loses the oldest that wait, counted and logged as errors; `block-traffic` refuses requests with 503.',
          ),
        writeTimeoutMs: milliseconds
          .default(2_000)
          .describe(
            'Longest wait for the database to take a batch, in milliseconds; then the batch goes to the spool.',
          ),
        spool: z
          .strictObject({
            folder: z
              .string()
              .min(1)
              .optional()
              .describe(
                'Folder for hits that the database does not take, made when needed; `<file>-spool` beside a SQLite file, otherwise `sluice-spool`, when left out. Keep it on a disk that outlives the process.',
              ),
            maxBytes: z
              .int()
              .min(0)
              .default(256 * 1024 * 1024)
              .describe('Largest size of the spool, in bytes, about 400 for a hit; 0 for no spool.'),
          })
          .prefault({})
          .describe(
            'Where hits wait on disk while the database is down or slow; they follow in order once it is back.',
          ),
        chainKeyEnv: environmentName
          .default('SLUICE_CHAIN_KEY')
          .describe(
            'Environment variable with a secret, 16 characters or more, that the hash chain of the record is made with; while it is not set, whoever can write to the database can also forge the chain.',
          ),
        batchSize: z.int().min(1).default(100).describe('Entries written in one transaction at most.'),
        batchMs: milliseconds
          .default(200)
          .describe('Longest wait before a write with `durability: batch`, in milliseconds.'),
        maxQueued: z
          .int()
          .min(1)
          .default(10_000)
          .describe('Entries that may wait in memory to be written; what happens beyond says `overflow`.'),
      })
      .prefault({})
      .describe('How hits are written to the store.'),
  })
  .superRefine((config, context) => {
    for (const key of ['listen', 'adminListen'] as const) {
      if (parseListenAddress(config[key] ?? ':0').port > 65_535) {
        context.addIssue({ code: 'custom', path: [key], message: 'port must be at most 65535' });
      }
    }
    if (config.server.workers !== 1 && config.store === 'sqlite::memory:') {
      const message = 'workers cannot share a store in memory; give it a file, or leave `server.workers` at 1';
      context.addIssue({ code: 'custom', path: ['store'], message });
    }
    for (const [index, { severity, category }] of config.lexicon.override.entries()) {
      if (severity === undefined && category === undefined) {
        const message = 'needs a severity or a category';
        context.addIssue({ code: 'custom', path: ['lexicon', 'override', index], message });
      }
    }
    for (const [index, { name }] of config.detectors.entries()) {
      if (config.detectors.findIndex((other) => other.name === name) < index) {
        const message = `another detector is named '${name}' already; give each its own name`;
        context.addIssue({ code: 'custom', path: ['detectors', index, 'name'], message });
      }
    }
    if ((config.subject.from === 'header') !== (config.subject.header !== undefined)) {
      const message = 'is needed with `from: header`, and only then';
      context.addIssue({ code: 'custom', path: ['subject', 'header'], message });
    }
    if (config.enforcement !== undefined) {
      const missing = config.subject.from === 'none' ? 'subject.from' : config.store === 'none' ? 'store' : undefined;
      if (missing !== undefined) {
        const message = `needs \`${missing}\`: strikes are counted per subject, in the store`;
        context.addIssue({ code: 'custom', path: ['enforcement'], message });
      }
      for (const [index, { at }] of config.enforcement.ladder.entries()) {
        if (at >= (config.enforcement.ladder[index - 1]?.at ?? 0)) continue;
        const message = 'must not be below the step before it';
        context.addIssue({ code: 'custom', path: ['enforcement', 'ladder', index, 'at'], message });
      }
    }
    for (const [category, keptDays] of Object.entries(config.evidence.categories)) {
      if (keptDays === undefined) continue;
      const path = ['evidence', 'categories', category];
      const hitDays = config.retention.categories[category as Category] ?? config.retention.days;
      if (config.store === 'none') {
        context.addIssue({ code: 'custom', path, message: 'needs `store`: the texts are kept there' });
      } else if (hitDays !== undefined && keptDays > hitDays) {
        const message = `must be at most ${hitDays}: \`retention\` erases the hits then, and their texts with them`;
        context.addIssue({ code: 'custom', path, message });
      }
    }
    const known = new Set(['default', ...Object.keys(config.policies)]);
    for (const [index, route] of config.routes.entries()) {
      if (route.policy !== undefined && !known.has(route.policy)) {
        context.addIssue({
          code: 'custom',
          path: ['routes', index, 'policy'],
          message: `no policy is named '${route.policy}'; there are: ${[...known].join(', ')}`,
        });
      }
    }
  })
  .describe('Configuration of llm-sluice.');

/** A complete config, defaults filled in. */
export type Config = z.infer<typeof Config>;

/** A config as written: every key optional. */
export type ConfigInput = z.input<typeof Config>;
