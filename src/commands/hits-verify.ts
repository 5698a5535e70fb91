import { text } from 'node:stream/consumers';
import { loadSecret } from '../load-secret.js';
import { openText } from '../load-text.js';
import { assertCanSave, saveText } from '../save-text.js';
import { type ChainPoint, type ChainProblem, type ChainReport, verifyHits } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `hits verify`. */
export interface HitsVerifyOptions extends DatabaseOptions {
  /** File with heads that an earlier call saved. */
  readonly heads?: string;
  /** File to save the heads of now in. */
  readonly saveHeads?: string;
  readonly json?: boolean;
}

/** Problems of one chain that are named; further ones are counted. */
const MAX_NAMED = 20;

/**
 * Goes over the whole record and says what was taken out of it or changed; returns the exit code: 0 for a whole record, 1 for any
 * other, 2 when there are chains that prove less: made with a key that is not there, or without the one that is.
 * @throws {SluiceError} when the config or the database cannot be used.
 * @throws {TypeError} when the file of heads cannot be read or written.
 */
export async function hitsVerify(options: HitsVerifyOptions, { stdout }: HitsStreams): Promise<0 | 1 | 2> {
  if (options.saveHeads !== undefined) await assertCanSave(options.saveHeads);
  const heads = options.heads === undefined ? new Map<string, ChainPoint>() : await readHeads(options.heads);
  const reports: ChainReport[] = [];
  await withDatabase(options, async (database, { hitLog: { chainKeyEnv } }) => {
    for await (const report of verifyHits(database, { key: loadSecret(chainKeyEnv), heads })) {
      reports.push(report);
      stdout.write(options.json === true ? `${JSON.stringify(readable(report))}\n` : describe(report, chainKeyEnv));
    }
  });
  const problems = reports.flatMap((report) => report.problems);
  if (options.json !== true) stdout.write(summary(reports));
  if (options.saveHeads !== undefined) await saveText(options.saveHeads, writeHeads(reports));
  if (problems.some(({ kind }) => kind !== 'key')) return 1;
  return problems.length > 0 ? 2 : 0;
}

const MEANING: Readonly<Record<ChainProblem['kind'], string>> = {
  missing: 'missing',
  changed: 'changed: not what was recorded',
  broken: 'broken: does not follow from what is before it',
  extra: 'behind the end of the chain',
  unknown: 'of a writer that is not known',
  key: 'made without the key or with another one; gaps and changes are found, forged rows are not',
  head: 'not what it was when its head was saved',
};

function describe({ writer, rows, erased, lost, closedMs, problems }: ChainReport, chainKeyEnv: string): string {
  const facts = [`${rows} rows`, ...(erased > 0 ? [`${erased} of them erased`] : [])];
  if (lost > 0) facts.push(`${lost} entries never written, for lack of room`);
  if (closedMs === null) facts.push('still writing, or killed');
  const advice = ` (the key belongs into ${chainKeyEnv}; of chains from before there was one, save the heads)`;
  const lines = problems.slice(0, MAX_NAMED).map(({ kind, seq, lastSeq }) => {
    const which = seq === lastSeq ? `${writer}-${seq}` : `${writer}-${seq} to ${lastSeq}`;
    return `  ${which}: ${MEANING[kind]}${kind === 'key' ? advice : ''}\n`;
  });
  if (problems.length > MAX_NAMED) lines.push(`  and ${problems.length - MAX_NAMED} more\n`);
  return `${writer}: ${facts.join(', ')}: ${problems.length === 0 ? 'whole' : 'NOT WHOLE'}\n${lines.join('')}`;
}

function summary(reports: readonly ChainReport[]): string {
  const rows = reports.reduce((sum, report) => sum + report.rows, 0);
  const bad = reports.filter(({ problems }) => problems.length > 0).length;
  return `${reports.length} chains, ${rows} rows: ${bad === 0 ? 'the record is whole' : `${bad} chains are not whole`}\n`;
}

function readable({ head, ...report }: ChainReport): object {
  return { ...report, head: { seq: head.seq, hash: hex(head.hash) } };
}

/** One JSON object per line, so that files can be joined and compared by line. */
function writeHeads(reports: readonly ChainReport[]): string {
  return reports
    .map(({ writer, head: { seq, hash } }) => `${JSON.stringify({ writer, seq, hash: hex(hash) })}\n`)
    .join('');
}

async function readHeads(file: string): Promise<Map<string, ChainPoint>> {
  const heads = new Map<string, ChainPoint>();
  const { stream } = await openText(file);
  for (const [index, line] of (await text(stream)).split('\n').entries()) {
    if (line.trim() === '') continue;
    const head = parseHead(line);
    if (head === undefined)
      throw new TypeError(`${file}:${index + 1}: is no head that 'hits verify --save-heads' wrote`);
    const { writer, ...point } = head;
    if ((heads.get(writer)?.seq ?? 0) <= point.seq) heads.set(writer, point);
  }
  return heads;
}

function parseHead(line: string): (ChainPoint & { readonly writer: string }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('writer' in value && 'seq' in value && 'hash' in value))
    return undefined;
  const { writer, seq, hash } = value;
  if (typeof writer !== 'string' || !Number.isSafeInteger(seq) || typeof hash !== 'string') return undefined;
  return { writer, seq: Number(seq), hash: Buffer.from(hash, 'hex') };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
