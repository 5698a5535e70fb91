import { Argument, type Command, Option } from 'commander';
import { APPEAL_STATUSES, type AppealStatus, isoOf } from '../core/index.js';
import { type AppealView, findAppeal, listAppeals } from './appeal-views.js';
import { count } from './count.js';
import { type AppealOrder, type AppealReport, decideAppeal } from './decide-appeal.js';
import { formatTable } from './format-table.js';
import type { HitsStreams } from './hits-list.js';
import { parseCount } from './parse-count.js';
import { reviewOf } from './review-of.js';
import { showText } from './show-text.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `appeals list`. */
export interface AppealsListOptions extends DatabaseOptions {
  readonly status: AppealStatus | 'all';
  readonly limit: number;
  readonly json?: boolean;
}

/** What the command line gives to `appeals show`. */
export interface AppealsShowOptions extends DatabaseOptions {
  readonly json?: boolean;
}

/** What the command line gives to `appeals decide`. */
export interface AppealsDecideOptions extends DatabaseOptions {
  readonly by: string;
  readonly reason: string;
  readonly allow?: readonly string[];
  readonly revoke?: readonly string[];
  readonly apply?: boolean;
  readonly json?: boolean;
}

/** Adds `appeals` and its commands to a program, and returns it. */
export function addAppealsCommands(program: Command): Command {
  const appeals = program.command('appeals').description('complaints of users about blocks');
  appeals
    .command('list')
    .description('the oldest appeals')
    .addOption(new Option('--status <status>', 'which').choices([...APPEAL_STATUSES, 'all']).default('open'))
    .option('--limit <rows>', 'most of them', parseCount, 50)
    .option('--config <file>', 'config file')
    .option('--json', 'write JSON lines')
    .action((options: AppealsListOptions) => appealsList(options, process));
  appeals
    .command('show')
    .description('an appeal, personal data masked, and what the record holds of its hit')
    .argument('<hit>', 'reference of the notice')
    .option('--config <file>', 'config file')
    .option('--json', 'write one JSON object')
    .action((hit: string, options: AppealsShowOptions) => appealsShow(hit, options, process));
  appeals
    .command('decide')
    .description('say what a decision would come to; with --apply do it')
    .argument('<hit>', 'reference of the notice')
    .addArgument(new Argument('<decision>', 'whether the block stands').choices(['uphold', 'overturn']))
    .requiredOption('--by <name>', 'who decides')
    .requiredOption('--reason <text>', 'why')
    .option('--allow <phrase...>', 'phrases inside of which no match counts any more')
    .option('--revoke <feature...>', 'ids of features that hold no more')
    .addOption(new Option('--dry-run', 'only say what it would come to, as without --apply').conflicts('apply'))
    .option('--apply', 'do it')
    .option('--config <file>', 'config file')
    .option('--json', 'write one JSON object')
    .action((hit: string, decision: AppealOrder['decision'], options: AppealsDecideOptions) =>
      appealsDecide({ hit, decision }, options, process),
    );
  return appeals;
}

/**
 * Writes appeals, the oldest first.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function appealsList(
  { status, limit, json = false, ...options }: AppealsListOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  const wanted = { limit, ...(status === 'all' ? {} : { status }) };
  const views = await withDatabase(options, (database) => listAppeals(database, wanted));
  if (json) {
    for (const view of views) stdout.write(`${JSON.stringify(view)}\n`);
    return;
  }
  const head = ['time', 'hit', 'status', 'categories', 'side', 'message'];
  const rows = views.map(({ timeMs, hit, status: now, hits, message }) => [
    isoOf(timeMs),
    hit,
    now,
    hits.length === 0
      ? '(not recorded)'
      : [...new Set(hits.map(({ category, outcome }) => category ?? outcome))].join(', '),
    hits[0]?.direction ?? '',
    message === null ? '' : showText(message.replace(/\s+/g, ' ').slice(0, 60)),
  ]);
  stdout.write(views.length === 0 ? 'no appeals\n' : `${formatTable([head, ...rows]).join('\n')}\n`);
}

/**
 * Writes an appeal, and what the record holds of its hit.
 * @throws {SluiceError} when there is none, or the config or the database cannot be used.
 */
export async function appealsShow(
  hit: string,
  { json = false, ...options }: AppealsShowOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  const view = await withDatabase(options, (database) => findAppeal(database, hit));
  stdout.write(json ? `${JSON.stringify(view)}\n` : describe(view));
}

/**
 * Writes what a decision comes to, and does it if wanted.
 * @throws {SluiceError} when there is nothing to decide, or the order makes no sense, or the config or the database cannot be used.
 */
export async function appealsDecide(
  { hit, decision }: Pick<AppealOrder, 'hit' | 'decision'>,
  { by, reason, allow = [], revoke = [], apply = false, json = false, config: file }: AppealsDecideOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  const order = { hit, decision, by, reason, allow, revoke, apply };
  const report = await withDatabase(file === undefined ? {} : { config: file }, (database, config) =>
    decideAppeal(order, { database, nowMs: Date.now(), ...reviewOf(config, { file, database }) }),
  );
  stdout.write(json ? `${JSON.stringify(report)}\n` : describeReport(report));
}

function describe({
  hit,
  timeMs,
  status,
  decidedMs,
  decidedBy,
  reason,
  effects,
  hits,
  texts,
  message,
}: AppealView): string {
  const lines: [string, string][] = [
    ['hit', hit],
    ['time', isoOf(timeMs)],
    ['status', decidedMs === null ? status : `${status} by ${decidedBy} at ${isoOf(decidedMs)}: ${reason}`],
    ...(effects === null ? [] : [['effects', JSON.stringify(effects)] as [string, string]]),
    ...hits.map((each): [string, string] => ['recorded', describeHit(each)]),
    ...(hits.length === 0 ? [['recorded', 'nothing under this reference'] as [string, string]] : []),
    ['kept texts', texts === 0 ? 'none' : `${texts}: sluice evidence reveal ${hit} --by NAME --reason TEXT`],
  ];
  const said = message === null ? '' : `\n${showText(message)}\n`;
  return `${lines.map(([name, value]) => `${name.padEnd(13)}${showText(value)}\n`).join('')}${said}`;
}

function describeHit({
  id,
  category,
  outcome,
  score,
  source,
  termId,
  applied,
  direction,
  field,
}: AppealView['hits'][number]): string {
  const found = category === null ? outcome : `${category} ${score?.toFixed(3)} (${termId ?? source})`;
  return `${id}: ${direction} ${field}: ${found}, ${applied}`;
}

function describeReport({ applied, appeal, allowList, replay, unknown, features }: AppealReport): string {
  const { hit, status, decidedBy, effects } = appeal;
  const lines = [`appeal of ${hit}: ${status} by ${decidedBy}${applied ? '' : ' (not done yet: add --apply)'}`];
  const strike = effects?.strike;
  if (status === 'overturned') {
    lines.push(
      strike ? `strike taken back from ${strike.subject}, with ${count(strike.stepsChanged, 'step')}` : 'no strike',
    );
  }
  for (const phrase of effects?.allowed ?? []) lines.push(`allow ${JSON.stringify(phrase)}, in ${allowList}`);
  for (const { id, hits } of features)
    lines.push(`revoke feature ${id}, which ${count(hits, 'recorded hit')} of it names`);
  if (unknown !== null) lines.push(`what else would flip is not known: ${unknown}`);
  if (replay !== null) lines.push(...describeReplay(replay, hit));
  return `${lines.join('\n')}\n`;
}

function describeReplay(
  { texts, unreadable, truncated, flips, appealedPasses }: NonNullable<AppealReport['replay']>,
  hit: string,
): string[] {
  const judged = `${count(texts, 'kept text')} judged again${truncated ? ', the newest' : ''}`;
  const unread = unreadable === 0 ? '' : `; ${unreadable} more are under a key that is not in the environment`;
  return [
    `${judged}, ${flips.length} would flip${unread}`,
    ...flips.map(({ hit: of, requestId, category, before, after }) => {
      return `  ${of} ${category}: ${before} -> ${after}${requestId === hit ? ', of this appeal' : ''}`;
    }),
    ...(appealedPasses === false ? ['the text of this appeal would still be blocked'] : []),
  ];
}
