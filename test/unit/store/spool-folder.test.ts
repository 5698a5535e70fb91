import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../../src/core/index.js';
import { FileLock } from '../../../src/store/file-lock.js';
import { type HitBatch, HitChain, newWriter, SpoolFolder } from '../../../src/store/index.js';
import { TempFolder } from '../../support/temp-folder.js';

const temp = new TempFolder();
let count = 0;
let folder: string;
beforeEach(() => {
  folder = join(temp.path, `spool-${count++}`);
});

const open = (maxBytes = 1_000_000, owner = newWriter()) => new SpoolFolder({ folder, maxBytes }, owner);

/** A batch of `rows` rows that say who they are. */
function batchOf(chain: HitChain, rows: number): HitBatch {
  const hits = Array.from({ length: rows }, (_, index) => chain.seal([index, `row "${index}" 漢字`, null, 0.1]));
  return { by: { writer: chain.writer, keyId: null, startedMs: 7 }, hits, head: chain.head, lost: 3 };
}

async function drained(spool: SpoolFolder): Promise<HitBatch[]> {
  const batches: HitBatch[] = [];
  for (let file = await spool.oldest(); file !== undefined; file = await spool.oldest()) {
    const found = await spool.read(file);
    batches.push(...found.batches);
    if (found.isDamaged) await spool.setAside(file);
    else await spool.remove(file);
  }
  return batches;
}

describe('a spool folder', () => {
  test('gives batches back as they were, in order, and leaves nothing behind', async () => {
    const spool = open();
    const chain = new HitChain('zorg');
    const batches = [batchOf(chain, 3), batchOf(chain, 0), batchOf(chain, 1)];
    for (const batch of batches) await spool.append(batch);
    expect(spool.bytes).toBeGreaterThan(0);
    const found = await drained(spool);
    expect(found.map(readable)).toEqual(batches.map(readable));
    expect(spool.bytes).toBe(0);
    await spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('makes its folder when there is something to keep', async () => {
    const spool = open();
    expect(existsSync(folder)).toBe(false);
    await spool.append(batchOf(new HitChain('zorg'), 1));
    expect(existsSync(folder)).toBe(true);
    await spool.close();
  });

  test('a full one refuses, and has room again after it was drained', async () => {
    const spool = open(2_000);
    const chain = new HitChain('zorg');
    await spool.append(batchOf(chain, 5));
    await expect(spool.append(batchOf(chain, 5))).rejects.toThrow(/is full: it may have 2000 bytes/);
    await drained(spool);
    await spool.append(batchOf(chain, 5));
    expect(await drained(spool)).toHaveLength(1);
    await spool.close();
  });

  test('what a process that is gone left behind is adopted, oldest first, and before what is new', async () => {
    const chain = new HitChain('zorg');
    const [first, second, third] = [batchOf(chain, 1), batchOf(chain, 1), batchOf(chain, 1)];
    const gone = open();
    await gone.append(first);
    await gone.oldest();
    await gone.append(second);
    await gone.close();
    const next = open();
    expect(await next.adopt()).toBe(2);
    await next.append(third);
    expect((await drained(next)).map(({ head }) => head.seq)).toEqual([1, 2, 3]);
    await next.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what a living process has is left alone', async () => {
    const living = open();
    await living.append(batchOf(new HitChain('zorg'), 1));
    const other = open();
    expect(await other.adopt()).toBe(0);
    expect(await other.oldest()).toBeUndefined();
    await living.close();
    expect(await other.adopt()).toBe(1);
    await other.close();
  });

  test.each([
    ['the last byte is missing', false, (path: string, size: number) => truncateSync(path, size - 1)],
    [
      'only the length is there',
      false,
      (path: string, size: number, first: number) => truncateSync(path, first + 4 + size * 0),
    ],
    [
      'there are zeros behind',
      true,
      (path: string, size: number, first: number) => {
        truncateSync(path, first);
        appendFileSync(path, Buffer.alloc(size));
      },
    ],
    [
      'a byte of the last one is another one',
      true,
      (path: string, size: number) => {
        const bytes = readFileSync(path);
        bytes[size - 3]! ^= 1;
        writeFileSync(path, bytes);
      },
    ],
  ])('what was written whole survives when %s', async (_, isKept, damage) => {
    const chain = new HitChain('zorg');
    const gone = open();
    await gone.append(batchOf(chain, 2));
    const first = gone.bytes;
    await gone.append(batchOf(chain, 2));
    const size = gone.bytes;
    const file = (await gone.oldest())!;
    await gone.close();
    damage(file.path, size, first);
    const next = open();
    await next.adopt();
    expect((await drained(next)).map(({ head }) => head.seq)).toEqual([2]);
    await next.close();
    // Half a batch is what a kill leaves; anything else somebody should look at.
    expect(readdirSync(folder)).toEqual(isKept ? [expect.stringMatching(/\.spool\.damaged$/)] : []);
  });

  test('a process whose lock another one holds keeps nothing that would be taken for left behind', async () => {
    const owner = newWriter();
    mkdirSync(folder);
    const lock = FileLock.take(join(folder, `${owner}.lock`));
    const spool = open(1_000_000, owner);
    const batch = batchOf(new HitChain('zorg'), 1);
    await expect(spool.append(batch)).rejects.toThrow(/lock is held/);
    lock?.release({ remove: true });
    await spool.append(batch);
    expect(await drained(spool)).toHaveLength(1);
    await spool.close();
  });

  test('locks nobody out whose file was gone when it was looked at', async () => {
    const writer = newWriter();
    mkdirSync(folder);
    // Its file is drained and removed between the list of the folder and the look at it.
    symlinkSync(join(folder, 'gone'), join(folder, `${writer}-00000001.spool`));
    const other = open();
    expect(await other.adopt()).toBe(0);
    const spool = open(1_000_000, writer);
    unlinkSync(join(folder, `${writer}-00000001.spool`));
    await spool.append(batchOf(new HitChain('zorg'), 1));
    await spool.close();
    await other.close();
  });

  test('a folder that cannot be made is refused at once', () => {
    const file = temp.write('file', '');
    // Root may write anywhere, but not below a file.
    const spool = () =>
      new SpoolFolder({ folder: join(file, 'spool'), maxBytes: 1 }, 'zorg').append(batchOf(new HitChain('z'), 1));
    return expect(Promise.resolve().then(spool)).rejects.toThrow(StoreError);
  });
});

/** A batch with its bytes as text. */
function readable(batch: HitBatch): unknown {
  const hex = (_: string, value: unknown) =>
    ArrayBuffer.isView(value) ? Buffer.from(value as Uint8Array).toString('hex') : value;
  const plain = { ...batch, head: { ...batch.head }, hits: batch.hits.map((hit) => ({ ...hit })) };
  for (const part of [plain.head, ...plain.hits]) {
    for (const [key, value] of Object.entries(part)) Object.assign(part, { [key]: hex(key, value) });
  }
  return plain;
}
