import { setTimeout as delay } from 'node:timers/promises';
import type { Tally } from './load.js';
import { type Finding, tell, type World } from './world.js';

/** How long things are gone, and how often. */
export interface Durations {
  readonly quietMs: number;
  readonly postgresMs: number;
  readonly redisMs: number;
  readonly fullMs: number;
  readonly kills: number;
}

/** One after the other; each leaves the world as it found it. */
type Scene = (world: World, durations: Durations) => Promise<Finding>;

const seconds = (ms: number): string => `${ms / 1000} s`;

const unanswered = ({ refused, failed, cut }: Readonly<Tally>): number => refused + failed + cut;

/** What holds at the end of every scene with `block-traffic`: nothing lost, nothing wrong, everything well again. */
async function settle(
  world: World,
  seen: string,
  problems: string[] = [],
): Promise<Pick<Finding, 'seen' | 'problems'>> {
  const { healthy, missing, acknowledged } = await world.missing();
  const { wrong } = world.load.take();
  if (!healthy) problems.push(`the replicas say ${(await world.health()).join(' and ')} after two minutes`);
  if (missing > 0) problems.push(`${missing} acknowledged hits are missing`);
  for (const answer of new Set(wrong)) problems.push(`wrong answer: ${answer}`);
  return { seen: `${seen}; ${missing} of ${acknowledged} acknowledged hits missing`, problems };
}

/** Nothing happens: the figure that the others are held against. */
export const quiet: Scene = async (world, { quietMs }) => {
  world.load.take();
  await delay(quietMs);
  const tally = world.load.soFar;
  const problems = tally.hits === 0 || unanswered(tally) > 0 ? ['the load does not run'] : [];
  return { scene: 'quiet', done: `${seconds(quietMs)} of load`, ...(await settle(world, tell(tally), problems)) };
};

/** PostgreSQL is stopped and started. */
export const postgresStops: Scene = async (world, { postgresMs }) => {
  world.load.take();
  await world.postgres.stop('fast');
  await delay(postgresMs);
  const health = await world.health();
  const spooled = await world.sum('sluice_store_spooled_bytes');
  const tally = world.load.take();
  await world.postgres.start();
  const problems: string[] = [];
  if (health.some((status) => status !== 'degraded')) problems.push(`health was ${health.join(' and ')}`);
  if (!(spooled > 0)) problems.push('nothing was spooled');
  if (unanswered(tally) > 0) problems.push('requests were not answered');
  const seen = `${tell(tally)}; ${health.join(' and ')}, ${Math.round(spooled / 1024)} KB spooled`;
  return {
    scene: 'PostgreSQL stops',
    done: `stopped ${seconds(postgresMs)}, started`,
    ...(await settle(world, seen, problems)),
  };
};

/** PostgreSQL loses everything that it has not made durable. */
export const postgresCrashes: Scene = async (world, { quietMs }) => {
  world.load.take();
  await world.postgres.stop('immediate');
  await delay(quietMs / 2);
  await world.postgres.start();
  const tally = world.load.take();
  const problems = unanswered(tally) > 0 ? ['requests were not answered'] : [];
  return {
    scene: 'PostgreSQL crashes',
    done: `ended without a shutdown, started after ${seconds(quietMs / 2)}`,
    ...(await settle(world, tell(tally), problems)),
  };
};

/** Redis is stopped and started. */
export const redisStops: Scene = async (world, { redisMs }) => {
  world.load.take();
  const { maxRequests } = world;
  const before = await admitted(world, 'before');
  await world.redis.stop();
  await delay(redisMs / 2);
  const away = await admitted(world, 'away');
  await delay(redisMs / 2);
  await world.redis.start();
  // Each replica counts alone until it is connected again.
  let after = 0;
  const shared = await world.until(async () => {
    after = await admitted(world, `after ${Date.now()}`);
    return after === maxRequests;
  }, 60_000);
  const tally = world.load.soFar;
  const problems: string[] = [];
  if (before !== maxRequests) problems.push(`both replicas together let ${before} requests pass, not ${maxRequests}`);
  if (away !== maxRequests * world.replicas.length) problems.push(`${away} requests passed while Redis was away`);
  if (!shared) problems.push(`${after} requests passed after Redis was back`);
  if (unanswered(tally) > 0) problems.push('requests were not answered');
  const counts = `a client's limit of ${maxRequests} let ${before} pass before, ${away} while away, ${after} after`;
  const done = `stopped ${seconds(redisMs)}, started`;
  return { scene: 'Redis stops', done, ...(await settle(world, `${counts}; ${tell(tally)}`, problems)) };
};

/** How many of more requests than a client may make, spread over the replicas, are let pass. */
async function admitted({ replicas, maxRequests }: World, client: string): Promise<number> {
  let passed = 0;
  for (let count = 0; count < maxRequests * replicas.length * 1.25; count += 1) {
    const { status } = await fetch(`${replicas[count % replicas.length]?.url}/v1/models`, {
      headers: { authorization: `Bearer ${client}` },
    });
    if (status !== 429) passed += 1;
  }
  return passed;
}

/** A replica is killed in the middle of its batches, over and over. */
export const replicaKilled: Scene = async (world, { kills, quietMs }) => {
  world.load.take();
  for (let count = 0; count < kills; count += 1) {
    const replica = world.replicas[count % world.replicas.length];
    // At any moment: also within a transaction, or between its commit and the answers.
    await delay(300 + Math.random() * 700);
    await replica?.stop('SIGKILL');
    await replica?.start();
  }
  await delay(quietMs / 2);
  const done = `kill -9 ${kills} times, started each time`;
  return { scene: 'replica killed', done, ...(await settle(world, tell(world.load.soFar))) };
};

/** A replica is killed while its hits are in the spool. */
export const killedWithSpool: Scene = async (world, { kills, quietMs }) => {
  world.load.take();
  await world.postgres.stop('fast');
  await world.until(async () => (await world.health()).every((status) => status === 'degraded'), 20_000);
  for (let count = 0; count < kills; count += 1) {
    const replica = world.replicas[count % world.replicas.length];
    await delay(300 + Math.random() * 700);
    await replica?.stop('SIGKILL');
    await replica?.start();
  }
  await delay(quietMs / 2);
  const seen = tell(world.load.soFar);
  await world.postgres.start();
  const done = `PostgreSQL stopped, then kill -9 ${kills} times, started each time`;
  return { scene: 'killed with a spool', done, ...(await settle(world, seen)) };
};

/** Neither the database nor the disk takes anything, and traffic has to wait for them. */
export const diskFullBlocks = (disk: string): Scene => {
  return async (world, { fullMs }) => {
    world.load.take();
    await world.postgres.stop('fast');
    const full = await world.until(() => world.load.soFar.refused > 0, 60_000);
    const filling = world.load.take();
    await delay(fullMs);
    const tally = world.load.take();
    await world.postgres.start();
    const problems: string[] = [];
    if (!full) problems.push('the disk was never full');
    if (tally.refused === 0) problems.push('nothing was refused');
    if (tally.failed > 0) problems.push('requests were not answered');
    const flows = await world.until(() => world.load.soFar.hits > 0 && world.load.soFar.harmless > 0, 60_000);
    if (!flows) problems.push('traffic does not flow again');
    const seen = `until it was full: ${tell(filling)}; then: ${tell(tally)}`;
    return {
      scene: 'disk full, block-traffic',
      done: `PostgreSQL stopped, spools on ${disk}, ${seconds(fullMs)} full, started`,
      ...(await settle(world, seen, problems)),
    };
  };
};

/** Neither the database nor the disk takes anything, and the oldest hits go. */
export const diskFullDrops = (disk: string): Scene => {
  return async (world, { fullMs }) => {
    world.load.take();
    await world.postgres.stop('fast');
    const full = await world.until(async () => (await world.sum('sluice_store_dropped')) > 0, 60_000);
    await delay(fullMs);
    const tally = world.load.take();
    await world.postgres.start();
    const problems: string[] = [];
    if (!full) problems.push('the disk was never full');
    if (unanswered(tally) > 0) problems.push('requests were not answered');
    const { healthy, missing, acknowledged } = await world.missing();
    const dropped = await world.sum('sluice_store_dropped');
    if (!healthy) problems.push('the replicas are not well after two minutes');
    if (missing > dropped) problems.push(`${missing} acknowledged hits are missing, but only ${dropped} were counted`);
    for (const answer of new Set(world.load.take().wrong)) problems.push(`wrong answer: ${answer}`);
    return {
      scene: 'disk full, drop-oldest',
      done: `PostgreSQL stopped, spools on ${disk}, ${seconds(fullMs)} full, started`,
      seen: `${tell(tally)}; ${dropped} dropped and counted, ${missing} of ${acknowledged} acknowledged hits missing`,
      problems,
    };
  };
};
