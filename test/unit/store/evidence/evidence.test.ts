import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Hit } from '../../../../src/core/index.js';
import {
  type Database,
  EnforcementRepository,
  EvidenceReader,
  eraseExpired,
  forgetSubject,
  listEvidenceEvents,
  openHitLog,
  rotateEvidenceKeys,
  verifyHits,
} from '../../../../src/store/index.js';
import { describeEveryDatabase } from '../../../support/every-database.js';
import { EVIDENCE_KEY, entryWithText, evidenceKeys, OTHER_EVIDENCE_KEY } from '../../../support/evidence.js';
import { hitEntry } from '../../../support/hit-entry.js';
import { hitLog } from '../../../support/hit-log.js';
import { quiet } from '../../../support/quiet.js';
import { TempFolder } from '../../../support/temp-folder.js';

const DAY_MS = 86_400_000;
const TEXT = 'a zorgblat of Alice, 手机 and \uD83D half';
const WHO = { by: 'carol', reason: 'appeal 7', unmasked: false, nowMs: 5 };
const keys = evidenceKeys(EVIDENCE_KEY);
const folder = new TempFolder();

async function record(database: Database, ...entries: Parameters<ReturnType<typeof hitLog>['record']>[0][]) {
  const log = hitLog(database, { evidenceKeys: keys });
  for (const entry of entries) log.record(entry);
  await log.close();
}

function rules(abusive: number, retention = {}) {
  return { retention: { categories: {}, appeals: 365, ...retention }, evidence: { categories: { abusive } } };
}

describeEveryDatabase('evidence', (harness) => {
  it('shows what was kept for a request or a hit, and notes who looked before it does', async () => {
    const database = await harness.open();
    await record(database, entryWithText('r1', TEXT), entryWithText('r2', 'other'));
    const reader = new EvidenceReader(database, keys);
    const [shown, ...none] = await reader.reveal('r1', WHO);
    expect(none).toEqual([]);
    expect(shown).toMatchObject({
      text: TEXT,
      start: 0,
      chars: TEXT.length,
      spans: [{ start: 2, end: 10 }],
      category: 'abusive',
      field: 'messages[0].content',
      requestId: 'r1',
      timeMs: 1_700_000_000_000,
    });
    const hit = shown?.hit ?? '';
    expect(await reader.reveal(hit, { ...WHO, unmasked: true })).toEqual([shown]);
    expect(await listEvidenceEvents(database, { limit: 9 })).toEqual([
      { timeMs: 5, kind: 'reveal', hit, count: 1, by: 'carol', reason: 'appeal 7' },
      { timeMs: 5, kind: 'reveal-unmasked', hit, count: 1, by: 'carol', reason: 'appeal 7' },
    ]);
    expect(await listEvidenceEvents(database, { limit: 9, hit: 'zorg-1' })).toEqual([]);
  });

  it('keeps one text per category, with the first hit of it, and finds it by the others too', async () => {
    const database = await harness.open();
    const [abusive] = hitEntry('').hits as [Hit];
    const crime: Hit = { ...abusive, category: 'crime', span: { start: 12, end: 13 } };
    const entry = entryWithText('r1', TEXT, { hits: [crime, abusive, { ...abusive, span: { start: 20, end: 22 } }] });
    const kept = { category: 'crime', text: 'c', start: 12, chars: 30, spans: [crime.span] } as const;
    await record(database, hitEntry('r0'), { ...entry, evidence: [...(entry.evidence ?? []), kept] });
    const reader = new EvidenceReader(database, keys);
    const shown = await reader.reveal('r1', WHO);
    expect(shown.map(({ category, text }) => [category, text])).toEqual([
      ['crime', 'c'],
      ['abusive', TEXT],
    ]);
    const [, first] = shown;
    const last = (first?.hit ?? '').replace(/\d+$/, (seq) => String(Number(seq) + 1));
    expect(await reader.reveal(last, WHO)).toEqual([first]);
  });

  it('says why there is nothing to show', async () => {
    const database = await harness.open();
    await record(database, entryWithText('r1', TEXT), hitEntry('r2'));
    const reveal = (id: string, by = keys) => new EvidenceReader(database, by).reveal(id, WHO);
    const other = evidenceKeys(OTHER_EVIDENCE_KEY);
    await expect(reveal('r1', other)).rejects.toMatchObject({
      problem: 'missing-key',
      message: expect.stringContaining(`under the key ${keys.current.id}, which is not in the environment`),
    });
    await expect(reveal('r2')).rejects.toMatchObject({ problem: 'not-captured', message: /\(abusive\) was not among/ });
    await expect(reveal('zorg')).rejects.toMatchObject({ problem: 'not-captured', message: /nothing is recorded/ });
    await eraseExpired(database, rules(1), 1_700_000_000_000 + DAY_MS + 1);
    await expect(reveal('r1')).rejects.toMatchObject({ problem: 'erased', message: /erased at 2023-11-15/ });
    const events = await listEvidenceEvents(database, { limit: 9 });
    expect(events.map(({ kind, hit }) => `${kind} ${hit?.length}`)).toEqual([
      'refuse 12',
      'refuse 2',
      'refuse 4',
      'expire undefined',
      'refuse 12',
    ]);
  });

  it.each([
    ['moved to another hit', 'UPDATE evidence SET seq = seq + 10'],
    ['moved to another category', "UPDATE evidence SET category = 'crime'"],
    [
      'given the key of another',
      "UPDATE evidence SET wrapped_key = (SELECT wrapped_key FROM evidence WHERE request_id = 'r2')",
    ],
    [
      'given the text of another',
      "UPDATE evidence SET content = (SELECT content FROM evidence WHERE request_id = 'r2')",
    ],
  ])('shows no text that was %s', async (_, sql) => {
    const database = await harness.open();
    await record(database, entryWithText('r1', TEXT), entryWithText('r2', 'other'));
    await harness.query(sql);
    await expect(new EvidenceReader(database, keys).reveal('r1', WHO)).rejects.toMatchObject({ problem: 'damaged' });
  });

  it('shows nothing that cannot be noted', async () => {
    const database = await harness.open();
    await record(database, entryWithText('r1', TEXT));
    await harness.query('DROP TABLE evidence_events');
    await expect(new EvidenceReader(database, keys).reveal('r1', WHO)).rejects.toMatchObject({
      code: 'ERR_SLUICE_STORE',
    });
  });

  it('protects everything by a new key, and says what it cannot', async () => {
    const database = await harness.open();
    await record(database, entryWithText('r1', TEXT), entryWithText('r2', 'other'));
    const both = evidenceKeys(OTHER_EVIDENCE_KEY, EVIDENCE_KEY);
    const alone = evidenceKeys(OTHER_EVIDENCE_KEY);
    const stuck = await rotateEvidenceKeys(database, alone, { by: null, nowMs: 1 });
    expect(stuck).toEqual({ keyId: alone.current.id, rewrapped: 0, left: new Map([[keys.current.id, 2]]) });
    const moved = await rotateEvidenceKeys(database, both, { by: 'carol', nowMs: 2 });
    expect(moved).toEqual({ keyId: alone.current.id, rewrapped: 2, left: new Map() });
    expect(await new EvidenceReader(database, alone).reveal('r1', WHO)).toMatchObject([{ text: TEXT }]);
    await expect(new EvidenceReader(database, keys).reveal('r1', WHO)).rejects.toMatchObject({
      problem: 'missing-key',
    });
    expect(await listEvidenceEvents(database, { limit: 1, hit: undefined })).toMatchObject([{ kind: 'refuse' }]);
    expect((await listEvidenceEvents(database, { limit: 9 }))[0]).toMatchObject({
      kind: 'rotate',
      count: 2,
      by: 'carol',
    });
  });

  it('destroys the key when the time of the category is over, and the row when the hit is gone', async () => {
    const database = await harness.open();
    const old = { timeMs: 1_000 };
    const crime = { hits: [{ ...(hitEntry('').hits[0] as Hit), category: 'crime' }] } as const;
    await record(
      database,
      entryWithText('r1', TEXT, old),
      entryWithText('r2', TEXT, { timeMs: 50 * DAY_MS }),
      entryWithText('r3', TEXT, {
        ...old,
        ...crime,
        evidence: [{ category: 'crime', text: TEXT, start: 0, chars: 9, spans: [] }],
      }),
    );
    const readable = () =>
      harness.query('SELECT request_id FROM evidence WHERE wrapped_key IS NOT NULL ORDER BY request_id');
    expect(await eraseExpired(database, rules(30), 50 * DAY_MS)).toEqual({ hits: 0, texts: 1, appeals: 0 });
    expect(await readable()).toEqual([{ request_id: 'r2' }, { request_id: 'r3' }]);
    expect(await harness.query("SELECT key_id, wrapped_key, content FROM evidence WHERE request_id = 'r1'")).toEqual([
      { key_id: null, wrapped_key: null, content: null },
    ]);
    // The hits of r1 and r3 go, and what is left beside them.
    expect(await eraseExpired(database, rules(30, { days: 40 }), 50 * DAY_MS)).toEqual({
      hits: 2,
      texts: 1,
      appeals: 0,
    });
    expect(await readable()).toEqual([{ request_id: 'r2' }]);
    for await (const { problems } of verifyHits(database)) expect(problems).toEqual([]);
  });

  it('forgets a subject whole: hits, texts, strikes and steps', async () => {
    const database = await harness.open();
    const enforcement = new EnforcementRepository(database);
    await record(
      database,
      entryWithText('r1', TEXT, { subject: 'alice' }),
      entryWithText('r2', TEXT, { subject: 'bob' }),
    );
    await eraseExpired(database, rules(1), 0);
    for (const subject of ['alice', 'bob']) {
      const strike = { subject, requestId: 'r1', timeMs: 1, weight: 1, category: 'abusive' };
      await enforcement.strike(strike, { expireDays: 1, ladder: [{ step: 'suspend', at: 1 }] });
    }
    expect(await forgetSubject(database, 'alice', 9)).toEqual({ hits: 1, texts: 1, appeals: 0, steps: 3 });
    for (const table of ['hits', 'evidence', 'strikes', 'enforcement_steps', 'enforcement_subjects']) {
      expect(await harness.query(`SELECT subject FROM ${table} WHERE subject IS NOT NULL`)).toEqual([
        { subject: 'bob' },
      ]);
    }
    expect(await harness.query("SELECT 1 FROM evidence WHERE request_id = 'r1'")).toEqual([]);
    expect(await new EvidenceReader(database, keys).reveal('r2', WHO)).toMatchObject([{ text: TEXT }]);
    expect(await forgetSubject(database, 'alice', 9)).toEqual({ hits: 0, texts: 0, appeals: 0, steps: 0 });
  });

  it('is encrypted before it enters the spool, and readable once it has reached the database', async () => {
    const database = await harness.open();
    const spool = { folder: join(folder.path, harness.store.replace(/\W+/g, '-')), maxBytes: 1_000_000 };
    const tuning = { batchSize: 1, batchMs: 1, maxQueued: 9, durability: 'batch', commitTimeoutMs: 1_000 } as const;
    await harness.query('ALTER TABLE evidence RENAME TO evidence_away');
    const log = await openHitLog({
      database,
      store: harness.store,
      tuning: { ...tuning, overflow: 'drop-oldest', writeTimeoutMs: 2_000, spool },
      evidenceKeys: keys,
      clock: { now: () => 0 },
      logger: quiet,
    });
    for (const id of ['r1', 'r2', 'r3']) log.record(entryWithText(id, TEXT));
    await log.flush();
    const files = readdirSync(spool.folder).filter((name) => name.endsWith('.spool'));
    const spooled = Buffer.concat(files.map((name) => readFileSync(join(spool.folder, name))));
    expect(spooled.includes('"content":"')).toBe(true);
    for (const piece of ['zorgblat', 'Alice', Buffer.from('zorgblat').toString('base64').slice(0, 8)]) {
      expect(spooled.includes(piece)).toBe(false);
    }
    await harness.query('ALTER TABLE evidence_away RENAME TO evidence');
    await log.close();
    const reader = new EvidenceReader(database, keys);
    for (const id of ['r1', 'r2', 'r3']) expect(await reader.reveal(id, WHO)).toMatchObject([{ text: TEXT }]);
  });

  it('leaves no byte of text or destroyed key in a SQLite file', async () => {
    const [, file] = /^sqlite:(.*)$/.exec(harness.store) ?? [];
    if (file === undefined) return;
    const database = await harness.open();
    await record(database, entryWithText('r1', TEXT));
    const [row] = await database.all<{ wrapped_key: Buffer; content: Buffer }>('SELECT * FROM evidence');
    const bytes = (): Buffer =>
      Buffer.concat(readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name))));
    expect(bytes().includes('zorgblat')).toBe(false);
    expect(bytes().includes(row?.wrapped_key ?? '')).toBe(true);
    await eraseExpired(database, rules(1), 1_700_000_000_000 + 2 * DAY_MS);
    expect(bytes().includes(row?.wrapped_key ?? '')).toBe(false);
    expect(bytes().includes(row?.content ?? '')).toBe(false);
  });
});
