import type { ScaleInputs } from './inputs.js';
import { simulateWriters } from './simulate-writers.js';

const SECONDS_A_DAY = 86_400;
const DAYS_A_MONTH = 30;
const GIGABYTE = 2 ** 30;

/** The tables of SCALE.md, in Markdown. */
export function scaleTables(inputs: ScaleInputs): string {
  return [carried(inputs), saturation(inputs), cost(inputs)].join('\n\n');
}

/** Requests a second of so many processes, one a core. */
function capacity({ proxy, machine }: ScaleInputs, kind: 'jsonUs' | 'streamUs', cores: number): number {
  return (cores * machine.busy * 1e6) / proxy[kind];
}

function carried(inputs: ScaleInputs): string {
  const { hits, machine, proxy, postgres, redis } = inputs;
  const rows = [
    ['one core', 1],
    [`one machine, ${machine.cores} cores`, machine.cores],
    [`${machine.count} machines`, machine.cores * machine.count],
  ] as const;
  const lines = rows.map(([name, cores]) => {
    const json = capacity(inputs, 'jsonUs', cores);
    const load = simulateWriters(inputs, { processes: cores, hitsPerSecond: json * hits.share * hits.rows });
    return [
      name,
      count(json),
      count(capacity(inputs, 'streamUs', cores)),
      `${count(cores * proxy.rssMb)} MB`,
      count(load.rowsPerSecond),
      `${count(load.transactionsPerSecond)} of ${count(load.rowsPerSecond / load.transactionsPerSecond)} rows`,
      percent(load.busyCores / postgres.cores),
      `${count(load.durableP50Ms)} / ${count(load.durableP99Ms)} ms`,
      `${count((load.rowsPerSecond * SECONDS_A_DAY * postgres.diskBytes) / GIGABYTE)} GB`,
      percent((json * redis.requestUs) / 1e6),
    ];
  });
  const head = [
    'proxies',
    'JSON requests/s',
    'or streams/s',
    'memory',
    'hits/s',
    'transactions/s',
    `PostgreSQL, ${postgres.cores} cores, busy`,
    'hit to commit, p50 / p99',
    'record a day',
    'Redis busy, every request limited',
  ];
  return table(head, lines);
}

function saturation(inputs: ScaleInputs): string {
  const { hits, machine, postgres, redis } = inputs;
  // Every process fills its batches alike, so that what one machine asks of the database grows with their number.
  const json = capacity(inputs, 'jsonUs', machine.cores);
  const load = simulateWriters(inputs, { processes: machine.cores, hitsPerSecond: json * hits.share * hits.rows });
  const machines = (postgres.cores * machine.busy) / load.busyCores;
  const [cores, rows] = [machines * machine.cores, machines * load.rowsPerSecond];
  const full = (postgres.cores * machine.busy * 1e6) / (postgres.rowUs + postgres.transactionUs / hits.batchRows);
  const redisRequests = (machine.busy * 1e6) / redis.requestUs;
  return table(
    ['what is shared', `carries at ${percent(machine.busy)} busy`, 'which is', 'and then'],
    [
      [
        `PostgreSQL, ${postgres.cores} cores, as replicas fill it`,
        `${count(rows)} hits/s, ${megabytes(rows * postgres.logBytes)} of log a second`,
        `${count(cores)} proxy cores, ${count(capacity(inputs, 'jsonUs', cores))} JSON requests/s`,
        'batches go to the spools and follow; raise `hitLog.batchMs`, or give it cores',
      ],
      [
        `PostgreSQL, ${postgres.cores} cores, full batches only`,
        `${count(full)} hits/s, ${megabytes(full * postgres.logBytes)} of log a second`,
        `${count(full / hits.share / hits.rows)} requests/s`,
        'the same',
      ],
      [
        'Redis, one thread',
        `${count(redisRequests)} limited requests/s`,
        `${count((redisRequests * inputs.proxy.jsonUs) / 1e6 / machine.busy)} proxy cores`,
        'each process counts alone for requests that Redis does not answer in time; one Redis for each group of replicas',
      ],
    ],
  );
}

function cost(inputs: ScaleInputs): string {
  const { proxy, hits, postgres, redis, machine, prices } = inputs;
  const million = 1e6;
  const core = (us: number): number => ((us / 1e6) * million * prices.coreHour) / 3_600 / machine.busy;
  const rows = hits.share * hits.rows;
  const json = capacity(inputs, 'jsonUs', machine.cores);
  const { rowsPerSecond, transactionsPerSecond } = simulateWriters(inputs, {
    processes: machine.cores,
    hitsPerSecond: json * rows,
  });
  const perRow = postgres.rowUs + (postgres.transactionUs * transactionsPerSecond) / rowsPerSecond;
  const stored =
    ((million * rows * postgres.diskBytes) / GIGABYTE) * prices.gigabyteMonth * (hits.retentionDays / DAYS_A_MONTH);
  const shared = core(rows * perRow) + stored;
  const line = (name: string, us: number): string[] => {
    const parts = [core(us), shared, core(redis.requestUs)];
    return [name, ...[...parts, parts.reduce((sum, part) => sum + part, 0)].map((part) => part.toFixed(4))];
  };
  return table(
    ['cost of a million', 'proxy', 'record', 'limits', 'together'],
    [line('JSON requests', proxy.jsonUs), line('streams of 200 events', proxy.streamUs)],
  );
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [head, head.map(() => '---'), ...lines];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Three digits tell enough. */
function count(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}

function percent(share: number): string {
  return `${count(share * 100)} %`;
}

function megabytes(bytes: number): string {
  return `${count(bytes / 2 ** 20)} MB`;
}
