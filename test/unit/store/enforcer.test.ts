import { EnforcementRepository, Enforcer, forgetSubject } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { quiet } from '../../support/quiet.js';

describeEveryDatabase('Enforcer', (harness) => {
  it('lets go of a forgotten subject within a minute, also after the clock was set back', async () => {
    const database = await harness.open();
    let now = 1_000_000;
    const clock = { now: () => now, after: () => () => undefined };
    const repository = new EnforcementRepository(database);
    for (const subject of ['alice', 'bob']) await repository.suspend({ subject, timeMs: now });
    const enforcer = new Enforcer({ database, clock, logger: quiet });
    await enforcer.start();
    await forgetSubject(database, 'alice', now);
    now += 59_000;
    await enforcer.refresh();
    expect(enforcer.stepsOf('alice')).toHaveLength(1);
    now += 1_000;
    await enforcer.refresh();
    expect(enforcer.stepsOf('alice')).toEqual([]);
    expect(enforcer.stepsOf('bob')).toHaveLength(1);
    await forgetSubject(database, 'bob', now);
    now -= 500_000;
    await enforcer.refresh();
    expect(enforcer.stepsOf('bob')).toEqual([]);
    await enforcer.close();
  });
});
