/** A number that the project aims at, and where it is measured. */
export interface Target {
  /** What the reader of the README sees. */
  readonly what: string;
  readonly benchmark: string;
  /** Names of a measurement of that benchmark. */
  readonly case: string;
  readonly metric: string;
  /** The peer or bound whose ratio is meant; the value itself when left out. */
  readonly ratio?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const scan = (terms: string, atLeast: number): Target => ({
  what: `Lexicon scan, chat mix en/zh/ja, every fold on, ${terms} terms`,
  benchmark: 'lexicon-scan',
  case: `chat mix, ${terms} terms`,
  metric: 'throughput',
  atLeast,
});

/** The same list and text as `scan`, as a ratio to a peer or bound. */
const scanBeside = (terms: string, ratio: string, atLeast: number): Target => ({
  what: `The same, ${terms} terms, beside ${ratio}`,
  benchmark: 'lexicon-scan',
  case: `chat mix, ${terms} terms`,
  metric: 'throughput',
  ratio,
  atLeast,
});
const CLASSIFIER = 'en, one text of 200 characters';

const proxy = (what: string, target: Omit<Target, 'what' | 'benchmark'>): Target => ({
  what: `Proxy with screening on, ${what}`,
  benchmark: 'proxy',
  ...target,
});
const JSON_64 = 'JSON, 64 connections, new texts';

const middleware = (name: string): Target => ({
  what: `Middleware before an Express handler, ${name}: processor time of a request`,
  benchmark: 'middleware',
  case: name,
  metric: 'processor time',
  ratio: 'app without',
  atMost: 1.15,
});

/** Every target, in the order of the table in README.md. */
export const TARGETS: readonly Target[] = [
  scan('1000', 80),
  scan('10000', 80),
  scan('50000', 60),
  scanBeside('1000', 'charCodeAt', 0.1),
  scanBeside('10000', 'charCodeAt', 0.1),
  scanBeside('50000', 'charCodeAt', 0.08),
  scanBeside('1000', '@monyone/aho-corasick/fast', 4),
  scanBeside('10000', '@monyone/aho-corasick/fast', 4),
  scanBeside('50000', '@monyone/aho-corasick/fast', 3.3),
  scanBeside('1000', 'obscenity', 20),
  scanBeside('10000', 'obscenity', 200),
  {
    what: 'Scan with 50000 terms beside 1000',
    benchmark: 'lexicon-scan',
    case: 'decay, 1000 to 50000 terms',
    metric: 'slowdown',
    atMost: 1.5,
  },
  {
    what: 'Scan of a text of 1 MB',
    benchmark: 'lexicon-scan',
    case: 'text of 1000000 characters',
    metric: 'time',
    atMost: 15_000,
  },
  { what: 'Build of 50000 terms', benchmark: 'automaton-build', case: '50000 terms', metric: 'build', atMost: 600 },
  {
    what: 'Tables of 50000 terms',
    benchmark: 'automaton-build',
    case: '50000 terms',
    metric: 'tables',
    atMost: 10,
  },
  {
    what: 'Classifier, one message of 200 characters',
    benchmark: 'classifier',
    case: CLASSIFIER,
    metric: 'time',
    atMost: 3,
  },
  {
    what: 'The same without vector instructions',
    benchmark: 'classifier',
    case: `${CLASSIFIER}, no vector instructions`,
    metric: 'time',
    atMost: 10,
  },
  {
    what: 'Classifier, one message, beside TensorFlow.js on WebAssembly',
    benchmark: 'classifier',
    case: CLASSIFIER,
    metric: 'time',
    ratio: 'tfjs-wasm',
    atMost: 0.025,
  },
  {
    what: '`moderate()`, message of 200 characters, everything on, cache off',
    benchmark: 'moderate',
    case: 'en, 199 characters, cache off',
    metric: 'time per call',
    atMost: 20,
  },
  {
    what: '`moderate()`, the same, answered by the cache',
    benchmark: 'moderate',
    case: 'en, 199 characters, cache hit',
    metric: 'time per call',
    atMost: 1.5,
  },
  {
    what: 'Request of a limited client, counted in the process',
    benchmark: 'limits',
    case: 'limits.client, 10,000 clients',
    metric: 'time per request',
    atMost: 1,
  },
  {
    what: 'Timers of a limited request',
    benchmark: 'limits',
    case: 'limits.client and limits.upstream',
    metric: 'timers per request',
    atMost: 0,
  },
  proxy('JSON, 64 connections: processor time of a request', {
    case: JSON_64,
    metric: 'processor time',
    ratio: 'bare relay',
    atMost: 1.3,
  }),
  proxy('JSON, 64 connections: requests a second beside nginx', {
    case: JSON_64,
    metric: 'throughput',
    ratio: 'nginx',
    atLeast: 0.6,
  }),
  proxy('JSON, 64 connections: requests a second beside the gateway of Portkey', {
    case: JSON_64,
    metric: 'throughput',
    ratio: 'Portkey gateway',
    atLeast: 20,
  }),
  middleware('JSON, 64 connections, new texts'),
  proxy('stream of 200 events at once: processor time of a stream', {
    case: 'SSE, 200 events at once, 64 connections',
    metric: 'processor time',
    ratio: 'bare relay',
    atMost: 1.25,
  }),
  proxy('stream of 200 events one by one: processor time of a stream', {
    case: 'SSE, 200 events one by one, 64 connections',
    metric: 'processor time',
    ratio: 'bare relay',
    atMost: 1.25,
  }),
  {
    what: 'Time to the first token that screening adds, where that token need not wait',
    benchmark: 'hold',
    case: 'first token',
    metric: 'wall time added by screening, p50',
    atMost: 0.1,
  },
  {
    what: 'A hit on its way into the record, on the path of the request',
    benchmark: 'hit-log',
    case: 'enqueue',
    metric: 'time per entry',
    atMost: 1,
  },
  {
    what: 'Hits into SQLite, with chain, beside bare inserts of finished rows, 100 a transaction',
    benchmark: 'hit-log',
    case: 'flush, SQLite',
    metric: 'throughput',
    ratio: 'better-sqlite3',
    atLeast: 0.85,
  },
  {
    what: 'Hits into PostgreSQL, with chain, beside COPY of finished rows, 100 a transaction',
    benchmark: 'hit-log',
    case: 'flush, PostgreSQL',
    metric: 'throughput',
    ratio: 'COPY',
    atLeast: 0.85,
  },
  ...['SQLite', 'PostgreSQL'].map((store) => ({
    what: `Processor time of a proxy of which 2 of 100 requests hit, record in ${store}, beside none`,
    benchmark: 'hit-cost',
    case: `record in ${store}`,
    metric: 'processor time',
    ratio: 'no record',
    atMost: 1.05,
  })),
  {
    what: 'Features: lookup of 500 characters among a million, script with spaces',
    benchmark: 'feature-lookup',
    case: '1000000 features',
    metric: 'lookup of 500 characters, spaced script',
    atMost: 20,
  },
  {
    what: 'Features: memory of the process for a million',
    benchmark: 'feature-lookup',
    case: '1000000 features',
    metric: 'memory of the process',
    atMost: 200,
  },
  {
    what: '`sluice serve` by default: from the start of the process to ready',
    benchmark: 'startup',
    case: 'start',
    metric: 'time to ready',
    atMost: 400,
  },
  {
    what: 'Memory of `sluice serve` by default, idle, built-in lists and classifier loaded',
    benchmark: 'startup',
    case: 'idle',
    metric: 'memory',
    atMost: 120,
  },
  {
    what: 'Memory of 1,000 open streams',
    benchmark: 'open-streams',
    case: '1,000 open streams',
    metric: 'memory beside idle',
    atMost: 60,
  },
  {
    what: 'Longest pause of the event loop during a reload that builds all lists',
    benchmark: 'reload',
    case: 'a list with 2,000 terms gets one more',
    metric: 'longest pause',
    atMost: 5,
  },
];
