import type { EnforcementRules } from '../../../../src/core/index.js';
import {
  AppealRepository,
  type Database,
  EnforcementRepository,
  eraseExpired,
  forgetSubject,
} from '../../../../src/store/index.js';
import { describeEveryDatabase } from '../../../support/every-database.js';
import { hitEntry } from '../../../support/hit-entry.js';
import { hitLog } from '../../../support/hit-log.js';

const DAY_MS = 86_400_000;
const MAX = 100;
const RULES: EnforcementRules = {
  expireDays: 30,
  ladder: [
    { step: 'warn', at: 1, minutes: 1440 },
    { step: 'cool-down', at: 2, minutes: 60 },
    { step: 'suspend', at: 3 },
  ],
};
const appeal = (name: string, timeMs = 1) => ({ id: `id-${name}`, hit: name, message: `about ${name}`, timeMs });
const decided = (status: 'upheld' | 'overturned', rules?: EnforcementRules) => ({
  status,
  by: 'carol',
  reason: 'looked at it',
  timeMs: 9,
  effects: { allowed: ['zorg city'], revoked: [] },
  rules,
});

async function strikes(database: Database, ...requests: [string, number][]): Promise<EnforcementRepository> {
  const enforcement = new EnforcementRepository(database);
  for (const [requestId, timeMs] of requests) {
    await enforcement.strike({ subject: 'alice', requestId, timeMs, weight: 1, category: 'abusive' }, RULES);
  }
  return enforcement;
}

describeEveryDatabase('AppealRepository', (harness) => {
  it('takes one appeal about a hit, also one that is not recorded, and as many as may wait', async () => {
    const appeals = new AppealRepository(await harness.open());
    expect(await appeals.open(appeal('r1'), 2)).toBe('opened');
    expect(await appeals.open({ ...appeal('r1'), id: 'other' }, 2)).toBe('exists');
    expect(await appeals.open(appeal('r2', 2), 2)).toBe('opened');
    expect(await appeals.open(appeal('r3'), 2)).toBe('full');
    await appeals.decide('r1', decided('upheld'));
    expect(await appeals.open({ ...appeal('r1'), id: 'other' }, 2)).toBe('exists');
    expect(await appeals.open(appeal('r3', 3), 2)).toBe('opened');
    expect((await appeals.list({ limit: 9, status: 'open' })).map(({ hit }) => hit)).toEqual(['r2', 'r3']);
    expect((await appeals.list({ limit: 1 })).map(({ hit }) => hit)).toEqual(['r1']);
  });

  it('takes one of several appeals about a hit that come at once', async () => {
    const [one, two] = [new AppealRepository(await harness.open()), new AppealRepository(await harness.open())];
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? one : two).open({ ...appeal('r1'), id: `i${index}` }, MAX),
      ),
    );
    expect(outcomes.sort()).toEqual([...Array.from({ length: 7 }, () => 'exists'), 'opened']);
  });

  it('tells what became of one, and no more', async () => {
    const appeals = new AppealRepository(await harness.open());
    await appeals.open(appeal('r1', 5), MAX);
    expect(await appeals.stateOf('id-r1')).toEqual({ status: 'open', timeMs: 5, decidedMs: null });
    await appeals.decide('r1', decided('upheld'));
    expect(await appeals.stateOf('id-r1')).toEqual({ status: 'upheld', timeMs: 5, decidedMs: 9 });
    expect(await appeals.stateOf('r1')).toBeUndefined();
  });

  it('can overturn what was upheld, and decide nothing twice', async () => {
    const appeals = new AppealRepository(await harness.open());
    await appeals.open(appeal('r1'), MAX);
    await expect(appeals.decide('zorg', decided('upheld'))).rejects.toMatchObject({ status: 404 });
    expect(await appeals.decide('r1', decided('upheld'))).toMatchObject({ status: 'upheld', effects: null });
    await expect(appeals.decide('r1', decided('upheld'))).rejects.toMatchObject({
      status: 409,
      message: /upheld by carol at/,
    });
    const effects = { allowed: ['zorg city'], revoked: [], strike: null };
    expect(await appeals.decide('r1', decided('overturned'))).toMatchObject({ status: 'overturned', effects });
    await expect(appeals.decide('r1', decided('upheld'))).rejects.toMatchObject({ status: 409 });
    await expect(appeals.decide('r1', decided('overturned'))).rejects.toMatchObject({ status: 409 });
  });

  it('says beforehand what a decision comes to, and changes nothing by that', async () => {
    const database = await harness.open();
    const enforcement = await strikes(database, ['r1', 1], ['r2', 2]);
    const appeals = new AppealRepository(database);
    await appeals.open(appeal('r1'), MAX);
    const planned = await appeals.preview('r1', decided('overturned', RULES));
    expect(planned.effects?.strike).toEqual({ subject: 'alice', weight: 1, stepsChanged: 1 });
    expect(await appeals.find('r1')).toMatchObject({ status: 'open' });
    expect((await enforcement.heldSteps(3)).steps.map(({ step }) => step)).toEqual(['warn', 'cool-down']);
    expect(await appeals.decide('r1', decided('overturned', RULES))).toEqual(planned);
    expect((await enforcement.heldSteps(9)).steps.map(({ step }) => step)).toEqual(['warn']);
    await expect(appeals.preview('r1', decided('overturned'))).rejects.toMatchObject({ status: 409 });
  });

  it.each<[string, [string, number][], EnforcementRules | undefined, string[], number]>([
    ['lifts all steps of the only strike', [['r1', 1]], RULES, [], 1],
    [
      'keeps what a later strike would have led to',
      [
        ['r1', 1],
        ['r2', 2],
      ],
      RULES,
      ['warn'],
      1,
    ],
    [
      'lifts a suspension that took three',
      [
        ['r1', 1],
        ['r2', 2],
        ['r3', 3],
      ],
      RULES,
      ['warn', 'cool-down'],
      1,
    ],
    [
      'keeps one that four led to',
      [
        ['r1', 1],
        ['r2', 2],
        ['r3', 3],
        ['r4', 4],
      ],
      RULES,
      ['warn', 'cool-down', 'suspend'],
      0,
    ],
    [
      'without rules lifts the steps of this strike alone',
      [
        ['r1', 1],
        ['r2', 2],
      ],
      undefined,
      ['cool-down'],
      1,
    ],
    ['does nothing without a strike', [['r2', 2]], RULES, ['warn'], 0],
  ])('%s', async (_, requests, rules, steps, stepsChanged) => {
    const database = await harness.open();
    const enforcement = await strikes(database, ...requests);
    const appeals = new AppealRepository(database);
    await appeals.open(appeal('r1'), MAX);
    const { effects } = await appeals.decide('r1', decided('overturned', rules));
    const had = requests.some(([id]) => id === 'r1');
    expect(effects?.strike).toEqual(had ? { subject: 'alice', weight: 1, stepsChanged } : null);
    expect((await enforcement.heldSteps(10)).steps.map(({ step }) => step)).toEqual(steps);
    // A late copy of the strike does not count, and the next one counts without it.
    const again = { subject: 'alice', requestId: 'r1', timeMs: 1, weight: 1, category: 'abusive' };
    if (had) expect(await enforcement.strike(again, RULES)).toBe(0);
  });

  it('leaves steps by hand, and makes none harder than it is', async () => {
    const database = await harness.open();
    const enforcement = await strikes(database, ['r1', 1], ['r2', 2]);
    await enforcement.suspend({ subject: 'alice', timeMs: 3, reason: 'by hand' });
    const appeals = new AppealRepository(database);
    await appeals.open(appeal('r2'), MAX);
    const harder: EnforcementRules = {
      ...RULES,
      ladder: [
        { step: 'warn', at: 1 },
        { step: 'suspend', at: 1 },
      ],
    };
    await appeals.decide('r2', decided('overturned', harder));
    const { steps } = await enforcement.heldSteps(10);
    expect(steps.map(({ step, untilMs, reason }) => [step, untilMs, reason])).toEqual([
      ['warn', 1 + 1440 * 60_000, null],
      ['suspend', null, 'by hand'],
    ]);
  });

  it('removes what is too old, what is about nothing, and what is about a forgotten subject', async () => {
    const database = await harness.open();
    const log = hitLog(database);
    const nowMs = 100 * DAY_MS;
    for (const id of ['r1', 'r2', 'r4'])
      log.record(hitEntry(id, { subject: id === 'r4' ? 'bob' : 'alice', timeMs: nowMs }));
    await log.close();
    const appeals = new AppealRepository(database);
    await appeals.open(appeal('r1', 1), MAX);
    await appeals.open(appeal('r2', nowMs), MAX);
    await appeals.open(appeal('r3', nowMs - 8 * DAY_MS), MAX);
    await appeals.open(appeal('r4', nowMs - 8 * DAY_MS), MAX);
    await appeals.open(appeal('r5', nowMs), MAX);
    const rules = { retention: { categories: {}, appeals: 99 }, evidence: { categories: {} } };
    expect(await eraseExpired(database, rules, nowMs)).toEqual({ hits: 0, texts: 0, appeals: 2 });
    const left = async () => (await appeals.list({ limit: 9 })).map(({ hit }) => hit).sort();
    expect(await left()).toEqual(['r2', 'r4', 'r5']);
    expect(await forgetSubject(database, 'alice', nowMs)).toMatchObject({ hits: 2, appeals: 1 });
    expect(await left()).toEqual(['r4', 'r5']);
  });
});
