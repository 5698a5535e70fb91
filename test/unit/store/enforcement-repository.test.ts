import type { EnforcementRules, Strike } from '../../../src/core/index.js';
import { EnforcementRepository, Enforcer } from '../../../src/store/index.js';
import { HandClock } from '../../support/clocks.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { quiet } from '../../support/quiet.js';
import { unreachableDatabase } from '../../support/unreachable-database.js';
import { until } from '../../support/until.js';

const DAY_MS = 86_400_000;
const RULES: EnforcementRules = {
  expireDays: 10,
  ladder: [
    { step: 'warn', at: 1, minutes: 60 },
    { step: 'restrict', at: 2, minutes: 60, paths: ['/v1/images/**'] },
    { step: 'suspend', at: 4 },
  ],
};
let requests = 0;

function strike(subject: string, timeMs: number, weight = 1): Strike {
  requests += 1;
  return { subject, requestId: `request-${requests}`, timeMs, weight, category: 'crime' };
}

describeEveryDatabase('strikes and steps', (harness) => {
  it('climbs the ladder step by step, each step once', async () => {
    const repository = new EnforcementRepository(await harness.open());
    const taken: number[] = [];
    for (const timeMs of [1000, 2000, 3000, 4000, 5000])
      taken.push(await repository.strike(strike('a', timeMs), RULES));
    expect(taken).toEqual([1, 1, 0, 1, 0]);
    const history = await repository.historyOf('a');
    expect(history.map(({ step, untilMs, strikes, paths }) => ({ step, untilMs, strikes, paths }))).toEqual([
      { step: 'warn', untilMs: 1000 + 3_600_000, strikes: 1, paths: [] },
      { step: 'restrict', untilMs: 2000 + 3_600_000, strikes: 2, paths: ['/v1/images/**'] },
      { step: 'suspend', untilMs: null, strikes: 4, paths: [] },
    ]);
  });

  it('takes every step that a heavy strike passes', async () => {
    const repository = new EnforcementRepository(await harness.open());
    await repository.strike(strike('a', 1000, 5), RULES);
    expect((await repository.historyOf('a')).map(({ step }) => step)).toEqual(['warn', 'restrict', 'suspend']);
  });

  it('counts several strikes of one request once', async () => {
    const repository = new EnforcementRepository(await harness.open());
    const once = strike('a', 1000);
    expect([await repository.strike(once, RULES), await repository.strike(once, RULES)]).toEqual([1, 0]);
    expect(await repository.historyOf('a')).toHaveLength(1);
  });

  it('forgets strikes that are too old, and takes a step again that is reached again', async () => {
    const repository = new EnforcementRepository(await harness.open());
    await repository.strike(strike('a', 1000), RULES);
    await repository.strike(strike('a', 11 * DAY_MS), RULES);
    expect((await repository.historyOf('a')).map(({ step, strikes }) => [step, strikes])).toEqual([
      ['warn', 1],
      ['warn', 1],
    ]);
  });

  it('starts from nothing after a restoration, which stands in the history', async () => {
    const repository = new EnforcementRepository(await harness.open());
    await repository.strike(strike('a', 1000, 4), RULES);
    await repository.restore({ subject: 'a', timeMs: 2000, reason: 'appeal upheld' });
    await repository.strike(strike('a', 3000), RULES);
    const history = await repository.historyOf('a');
    expect(history.slice(3).map(({ step, strikes, reason }) => ({ step, strikes, reason }))).toEqual([
      { step: 'restore', strikes: 0, reason: 'appeal upheld' },
      { step: 'warn', strikes: 1, reason: null },
    ]);
  });

  it('misses no step when strikes of one subject arrive on several connections at once', async () => {
    const repositories = await Promise.all(
      [1, 2, 3, 4].map(async () => new EnforcementRepository(await harness.open())),
    );
    await Promise.all(repositories.map((repository) => repository.strike(strike('a', 1000), RULES)));
    const history = await (repositories[0] as EnforcementRepository).historyOf('a');
    expect(history.map(({ step }) => step).sort()).toEqual(['restrict', 'suspend', 'warn']);
  });

  it('tells the steps that hold, and none that ended or was taken back', async () => {
    const repository = new EnforcementRepository(await harness.open());
    await repository.strike(strike('a', 1000), RULES);
    await repository.suspend({ subject: 'b', timeMs: 1000 });
    await repository.restore({ subject: 'b', timeMs: 2000 });
    await repository.suspend({ subject: 'c', timeMs: 3000, untilMs: 4000 });
    const told = async (nowMs: number) => {
      const { steps, lastId } = await repository.heldSteps(nowMs);
      return { steps: steps.map(({ subject, step }) => `${subject} ${step}`), lastId };
    };
    expect(await told(3500)).toEqual({ steps: ['a warn', 'c suspend'], lastId: 4 });
    expect(await told(4000)).toEqual({ steps: ['a warn'], lastId: 4 });
    await repository.suspend({ subject: 'b', timeMs: 4000 });
    expect(await told(1000 + 3_600_000)).toEqual({ steps: ['b suspend'], lastId: 5 });
  });

  it('forgets a subject', async () => {
    const repository = new EnforcementRepository(await harness.open());
    await repository.strike(strike('a', 1000, 4), RULES);
    await repository.strike(strike('b', 1000), RULES);
    expect(await repository.forget('a')).toBe(5);
    expect(await repository.historyOf('a')).toEqual([]);
    expect(await repository.historyOf('b')).toHaveLength(1);
  });
});

describeEveryDatabase('an enforcer', (harness) => {
  const open = async (clock: HandClock): Promise<Enforcer> => {
    const enforcer = new Enforcer({ database: await harness.open(), clock, logger: quiet });
    await enforcer.start();
    return enforcer;
  };

  it('knows a step that it has taken, until that ends', async () => {
    const clock = new HandClock();
    clock.pass(1000);
    const enforcer = await open(clock);
    enforcer.strike(strike('a', clock.now()), RULES);
    await until(() => enforcer.stepsOf('a').length > 0);
    expect(enforcer.stepsOf('a')).toEqual([{ step: 'warn', untilMs: 3_601_000, paths: [], strikes: 1 }]);
    clock.pass(3_600_000);
    expect(enforcer.stepsOf('a')).toEqual([]);
    await enforcer.close();
  });

  it('knows what another process does within one poll, and what it takes back', async () => {
    const clock = new HandClock();
    const [one, other] = [await open(clock), await open(clock)];
    const byHand = new EnforcementRepository(await harness.open());
    await byHand.suspend({ subject: 'a', timeMs: 0, reason: 'by hand' });
    clock.pass(1000);
    await until(() => one.stepsOf('a').length === 1 && other.stepsOf('a').length === 1);
    await byHand.restore({ subject: 'a', timeMs: 1000 });
    clock.pass(1000);
    await until(() => one.stepsOf('a').length === 0 && other.stepsOf('a').length === 0);
    await Promise.all([one.close(), other.close()]);
  });

  it('knows after a restart what held before', async () => {
    const clock = new HandClock();
    const first = await open(clock);
    first.strike(strike('a', 1000, 4), RULES);
    await until(() => first.stepsOf('a').length === 3);
    await first.close();
    const second = await open(clock);
    expect(second.stepsOf('a').map(({ step }) => step)).toEqual(['warn', 'restrict', 'suspend']);
    await second.close();
  });

  it('writes what waits before it closes', async () => {
    const enforcer = await open(new HandClock());
    for (let count = 0; count < 4; count += 1) enforcer.strike(strike('a', 1000), RULES);
    await enforcer.close();
    const history = await new EnforcementRepository(await harness.open()).historyOf('a');
    expect(history.map(({ step }) => step)).toEqual(['warn', 'restrict', 'suspend']);
  });
});

describe('an enforcer whose database is down', () => {
  const clock = new HandClock();
  const enforcer = new Enforcer({ database: unreachableDatabase, clock, logger: quiet });

  it('keeps so many strikes, and counts those that are lost', async () => {
    await enforcer.start();
    expect(enforcer.stats()).toEqual({ waiting: 0, lost: 0, healthy: false });
    for (let count = 0; count < 10_003; count += 1) enforcer.strike(strike('a', 1000), RULES);
    expect(enforcer.stats()).toMatchObject({ waiting: 10_000, lost: 3 });
  });

  it('waits for nothing when it closes, and counts what was left', async () => {
    await enforcer.close();
    expect(enforcer.stats()).toMatchObject({ waiting: 0, lost: 10_003 });
  });
});
