// `npm run chaos [-- --quick]`: what the record is worth when everything around it fails. Ends by itself; 1 when anything is lost.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SLUICE_ENV } from './chaos/replica.js';
import {
  type Durations,
  diskFullBlocks,
  diskFullDrops,
  killedWithSpool,
  postgresCrashes,
  postgresStops,
  quiet,
  redisStops,
  replicaKilled,
} from './chaos/scenes.js';
import { makeSmallDisk, type SmallDisk } from './chaos/small-disk.js';
import { type Finding, World } from './chaos/world.js';

const FULL: Durations = { quietMs: 5_000, postgresMs: 60_000, redisMs: 20_000, fullMs: 15_000, kills: 12 };
const QUICK: Durations = { quietMs: 2_000, postgresMs: 8_000, redisMs: 4_000, fullMs: 4_000, kills: 3 };
const LIMIT_MS = 20 * 60_000;
const HIT_LOG = { durability: 'request' } as const;
/** So little that a scene sees what comes after. */
const SMALL_HIT_LOG = { ...HIT_LOG, writeTimeoutMs: 1_000, commitTimeoutMs: 1_500, maxQueued: 100 } as const;

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
void run(values.quick ? QUICK : FULL).then((problems) => {
  process.exitCode = problems === 0 ? 0 : 1;
});

async function run(durations: Durations): Promise<number> {
  const world = await World.create();
  const disks: SmallDisk[] = [];
  const findings: Finding[] = [];
  const cleanUp = (): Promise<void> =>
    world.close(() => {
      for (const disk of disks) disk.release();
    });
  const breakOff = (why: string): void => {
    findings.push({ scene: 'broken off', done: '', seen: '', problems: [why] });
    report(findings);
    void cleanUp().finally(() => process.exit(1));
  };
  const limit = setTimeout(() => breakOff(`not done after ${LIMIT_MS / 60_000} minutes`), LIMIT_MS);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => breakOff(signal));
  try {
    for await (const finding of scenes(world, durations, disks)) {
      findings.push(finding);
      console.error(`${finding.problems.length === 0 ? 'ok  ' : 'FAIL'} ${finding.scene}`);
    }
  } catch (error) {
    const why = error instanceof Error ? `${error.stack}` : String(error);
    findings.push({ scene: 'broken off', done: '', seen: '', problems: [why] });
  }
  clearTimeout(limit);
  await cleanUp();
  return report(findings);
}

async function* scenes(world: World, durations: Durations, disks: SmallDisk[]): AsyncGenerator<Finding> {
  await world.startReplicas([{}, {}].map(() => ({ ...HIT_LOG, overflow: 'block-traffic' })));
  for (const scene of [quiet, postgresStops, postgresCrashes, redisStops, replicaKilled, killedWithSpool]) {
    yield await scene(world, durations);
  }
  yield ended(await world.stopReplicas());
  for (const overflow of ['block-traffic', 'drop-oldest'] as const) {
    const own = [1, 2].map((number) => makeSmallDisk(world.folder, `${overflow}-${number}`));
    disks.push(...own);
    await world.startReplicas(
      own.map(({ path, maxBytes }) => ({
        ...SMALL_HIT_LOG,
        overflow,
        spool: { folder: join(path, 'spool'), maxBytes },
      })),
    );
    const diskFull = overflow === 'block-traffic' ? diskFullBlocks : diskFullDrops;
    yield await diskFull(own[0]?.kind ?? '')(world, durations);
    yield ended(await world.stopReplicas());
  }
  yield verified(world);
}

function ended(codes: readonly (number | null)[]): Finding {
  const problems = codes.some((code) => code !== 0) ? ['a replica did not end as it should'] : [];
  return { scene: 'end', done: 'SIGTERM to both replicas', seen: `exit codes ${codes.join(' and ')}`, problems };
}

/** The chains, by the command that an operator runs. */
function verified({ replicas, folder }: World): Finding {
  const cli = join(__dirname, '../dist/cli.js');
  const args = [cli, 'hits', 'verify', '--config', replicas[0]?.config ?? ''];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: SLUICE_ENV,
    encoding: 'utf8',
  });
  const seen = stdout.trim().split('\n').at(-1) ?? '';
  const problems = status === 0 ? [] : [...stdout.split('\n').filter((line) => line.includes('NOT')), stderr.trim()];
  return { scene: 'chains', done: 'sluice hits verify', seen: `${seen} (exit code ${status})`, problems };
}

/** Prints the table; returns how many problems there are. */
function report(findings: readonly Finding[]): number {
  console.log('| scene | what was done | what was seen | |\n| --- | --- | --- | --- |');
  for (const { scene, done, seen, problems } of findings) {
    console.log(`| ${scene} | ${done} | ${seen} | ${problems.length === 0 ? 'ok' : problems.join('; ')} |`);
  }
  return findings.reduce((sum, { problems }) => sum + problems.length, 0);
}
