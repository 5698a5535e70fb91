import { type Command, InvalidArgumentError, Option } from 'commander';
import { ACTIONS, CATEGORIES, OUTCOMES } from '../core/index.js';
import { hitsExpire } from './hits-expire.js';
import { type HitsExportOptions, hitsExport } from './hits-export.js';
import { hitsForget } from './hits-forget.js';
import { type HitsListOptions, hitsList } from './hits-list.js';
import { type HitsShowOptions, hitsShow } from './hits-show.js';
import { type HitsStatsOptions, hitsStats } from './hits-stats.js';
import { type HitsVerifyOptions, hitsVerify } from './hits-verify.js';
import { parseCount } from './parse-count.js';
import { parseMoment } from './parse-moment.js';
import type { DatabaseOptions } from './with-database.js';

/** Adds `hits` and its commands to a program, and returns it. */
export function addHitsCommands(program: Command): Command {
  const hits = program.command('hits').description('read, check and erase the record');
  filtered(hits.command('list'))
    .description('the newest hits, the newest last')
    .option('--limit <rows>', 'most of them', parseCount, 50)
    .option('--json', 'write JSON lines')
    .action((options: HitsListOptions) => hitsList(options, process));
  hits
    .command('show')
    .description('everything recorded of one hit or one request; exit 1: there is nothing')
    .argument('<id>', 'id of a hit, or of a request as a notice names it')
    .option('--config <file>', 'config file')
    .option('--json', 'write JSON lines')
    .action(async (id: string, options: HitsShowOptions) => {
      process.exitCode = await hitsShow(id, options, process);
    });
  filtered(hits.command('export'))
    .description('all hits in the order of recording')
    .addOption(new Option('--format <format>', 'JSON lines or CSV').choices(['jsonl', 'csv']).default('jsonl'))
    .action((options: HitsExportOptions) => hitsExport(options, process));
  filtered(hits.command('stats'))
    .description('count hits per day (UTC), category and what was done')
    .option('--json', 'write JSON lines')
    .action((options: HitsStatsOptions) => hitsStats(options, process));
  hits
    .command('verify')
    .description(
      'check the hash chains; exit 0: whole, 1: rows are missing or changed, 2: bad use, or the key is missing',
    )
    .option('--config <file>', 'config file')
    .option('--heads <file>', 'heads that were saved earlier: what was then has to be there now')
    .option('--save-heads <file>', 'save the heads of now, to be kept where nobody can change them')
    .option('--json', 'write JSON lines')
    .action(async (options: HitsVerifyOptions) => {
      process.exitCode = await hitsVerify(options, process);
    });
  hits
    .command('forget')
    .description(
      'erase everything about a subject: hits, kept texts, appeals, strikes and steps; the hash chain stays whole',
    )
    .argument('<subject>', 'user name or key, as it comes with requests; - for standard input')
    .option('--config <file>', 'config file')
    .action((subject: string, options: DatabaseOptions) => hitsForget(subject, options, process));
  hits
    .command('expire')
    .description('erase what is older than `retention` allows; the proxy does so by itself')
    .option('--config <file>', 'config file')
    .action((options: DatabaseOptions) => hitsExpire(options, process));
  return hits;
}

function filtered(command: Command): Command {
  return command
    .option('--config <file>', 'config file')
    .option(
      '--since <moment>',
      'first moment: 2024-05-31, 2024-05-31T10:00:00Z, or 90m, 24h, 7d before now',
      readMoment,
    )
    .option('--until <moment>', 'moment behind the last', readMoment)
    .addOption(new Option('--category <category...>', 'categories').choices(CATEGORIES))
    .addOption(new Option('--action <action...>', 'what was done').choices(ACTIONS))
    .addOption(new Option('--outcome <outcome...>', 'how the text was dealt with').choices(OUTCOMES))
    .addOption(new Option('--direction <direction>', 'side').choices(['input', 'output']))
    .option('--subject <subject>', 'user name or key, as it comes with requests');
}

function readMoment(text: string): number {
  const moment = parseMoment(text, Date.now());
  if (moment === undefined)
    throw new InvalidArgumentError('It must be a time such as 2024-05-31, or an age such as 7d.');
  return moment;
}
