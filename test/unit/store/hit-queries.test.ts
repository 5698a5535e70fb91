import { HitEraser, type HitFilter, HitQueries } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { hitEntry } from '../../support/hit-entry.js';
import { hitLog } from '../../support/hit-log.js';

const DAY_MS = 86_400_000;

describeEveryDatabase('queries on the record', (harness) => {
  const open = async () => {
    const database = await harness.open();
    const log = hitLog(database);
    const [hit] = hitEntry('').hits;
    const crime = { ...hit!, category: 'crime', action: 'flag' } as const;
    log.record(hitEntry('r1', { timeMs: 1_000, subject: 'alice', hits: [hit!, crime] }));
    log.record(hitEntry('r2', { timeMs: 2_000, direction: 'output', action: 'redact', applied: 'redact' }));
    log.record(hitEntry('r3', { timeMs: DAY_MS, mode: 'shadow', applied: 'allow', hits: [crime] }));
    log.record(
      hitEntry('r4', { timeMs: DAY_MS + 1, hits: [], outcome: 'unscreened', action: 'allow', applied: 'allow' }),
    );
    await log.close();
    return { database, queries: new HitQueries(database) };
  };

  test.each<[string, HitFilter, string[]]>([
    ['everything', {}, ['r1 abusive', 'r1 crime', 'r2 abusive', 'r3 crime', 'r4 null']],
    ['since', { sinceMs: 2_000 }, ['r2 abusive', 'r3 crime', 'r4 null']],
    ['until', { untilMs: 2_000 }, ['r1 abusive', 'r1 crime']],
    ['a category', { categories: ['crime'] }, ['r1 crime', 'r3 crime']],
    ['two categories', { categories: ['crime', 'abusive'] }, ['r1 abusive', 'r1 crime', 'r2 abusive', 'r3 crime']],
    ['what was done', { actions: ['redact', 'allow'] }, ['r2 abusive', 'r3 crime', 'r4 null']],
    ['an outcome', { outcomes: ['unscreened'] }, ['r4 null']],
    ['a side', { direction: 'output' }, ['r2 abusive']],
    ['a subject', { subject: 'alice' }, ['r1 abusive', 'r1 crime']],
    ['all at once', { sinceMs: 0, categories: ['crime'], actions: ['block'], direction: 'input' }, ['r1 crime']],
    ['nothing', { subject: "alice' OR 1=1 --" }, []],
  ])('find %s', async (_, filter, expected) => {
    const { queries } = await open();
    const all: string[] = [];
    for await (const { requestId, category } of queries.all(filter)) all.push(`${requestId} ${category}`);
    expect(all).toEqual(expected);
    const latest = await queries.latest(filter, 2);
    expect(latest.map(({ requestId, category }) => `${requestId} ${category}`)).toEqual(expected.slice(-2).reverse());
  });

  test('show every part of a hit', async () => {
    const { queries } = await open();
    const [hit] = await queries.latest({ subject: 'alice' }, 1);
    expect(hit).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{10}-2$/),
      timeMs: 1_000,
      requestId: 'r1',
      subject: 'alice',
      direction: 'input',
      route: '/v1/chat/completions',
      field: 'messages[0].content',
      outcome: 'screened',
      policy: 'default',
      mode: 'enforce',
      action: 'block',
      applied: 'block',
      category: 'crime',
      source: 'lexicon',
      hitAction: 'flag',
      score: 0.995,
      span: { start: 2, end: 10 },
      unlisted: 0,
      termId: 'en/abusive/00000001',
      versions: { policy: 'p1', lexicon: 'l1', model: 'm1', features: 'none' },
    });
    expect(await queries.find(hit!.id)).toEqual([hit]);
    expect((await queries.find('r1')).map(({ category }) => category)).toEqual(['abusive', 'crime']);
    expect(await queries.find('zorg')).toEqual([]);
    expect(await queries.find('zorg-1')).toEqual([]);
  });

  test('count by day', async () => {
    const { queries } = await open();
    expect(await queries.countByDay({})).toEqual(
      expect.arrayContaining([
        { day: '1970-01-01', category: 'abusive', applied: 'block', count: 1 },
        { day: '1970-01-01', category: 'abusive', applied: 'redact', count: 1 },
        { day: '1970-01-01', category: 'crime', applied: 'block', count: 1 },
        { day: '1970-01-02', category: 'crime', applied: 'allow', count: 1 },
        { day: '1970-01-02', category: null, applied: 'allow', count: 1 },
      ]),
    );
    expect(await queries.countByDay({ sinceMs: DAY_MS })).toHaveLength(2);
  });

  test('do not see what is erased', async () => {
    const { database, queries } = await open();
    const [hit] = await queries.find('r1');
    await new HitEraser(database).eraseSubject('alice', 5);
    expect(await queries.find('r1')).toEqual([]);
    expect(await queries.find(hit!.id)).toEqual([]);
    expect(await queries.latest({}, 10)).toHaveLength(3);
  });

  test('read a record of many pages', async () => {
    const database = await harness.open();
    const log = hitLog(database);
    for (let index = 0; index < 2_500; index += 1) log.record(hitEntry(`r${index}`));
    await log.close();
    const ids: string[] = [];
    for await (const { requestId } of new HitQueries(database).all({})) ids.push(requestId);
    expect(ids).toEqual(Array.from({ length: 2_500 }, (_, index) => `r${index}`));
  });
});
