#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  addAppealsCommands,
  addEvidenceCommands,
  addFeaturesCommands,
  addHitsCommands,
  type CheckOptions,
  check,
  type EvalOptions,
  errorText,
  evaluate,
  type LexiconExplainOptions,
  type LexiconLintOptions,
  type LexiconStatsOptions,
  lexiconExplain,
  lexiconLint,
  type ServeOptions,
  type SubjectStepOptions,
  type SubjectsOptions,
  serve,
  subjectsList,
  subjectsRestore,
  subjectsShow,
  subjectsSuspend,
  ToldError,
  writeLexiconStats,
} from './commands/index.js';
import { loadVersion } from './load-version.js';

/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: signals this close together are one. */
const SAME_SIGNAL_MS = 250;

const version = loadVersion();
const program = new Command('sluice')
  .description('Screens what goes into and comes out of an LLM backend.')
  .version(version);
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program
  .command('serve')
  .description('run the proxy; SIGHUP or a change of its files reloads, SIGTERM drains')
  .option('--config <file>', 'config file')
  .option('--upstream <url>', 'backend; without one an echo backend answers')
  .option('--listen <address>', 'host:port')
  .action(async (options: Omit<ServeOptions, 'env' | 'version'>) => {
    // Set first: a hang-up while it still starts would end it, and reads nothing that the start does not read.
    let reload: (() => void) | undefined;
    process.on('SIGHUP', () => reload?.());
    const served = await serve({ ...options, env: process.env, version });
    reload = () => void served.reload('SIGHUP');
    served.ended.then(() => process.exit(0), fail);
    let stoppingSince = 0;
    for (const [signal, exitCode] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      process.on(signal, () => {
        if (!served.stopSignals.includes(signal)) return;
        const now = performance.now();
        if (stoppingSince === 0) {
          stoppingSince = now;
          served.stop().then(() => process.exit(0), fail);
        } else if (now - stoppingSince > SAME_SIGNAL_MS) {
          served.abandon();
          process.exit(exitCode);
        }
      });
    }
  });
program
  .command('check')
  .description('judge lines of text; exit 0: nothing blocked, 1: something blocked, 2: bad use or input')
  .argument('[file...]', 'files, or - for standard input')
  .option('--config <file>', 'config file')
  .addOption(directionOption())
  .option('--jsonl', 'lines are {"id"?,"text","direction"?} objects, and so are the results')
  .action(async (files: string[], options: CheckOptions) => {
    process.exitCode = await check(files, options, { stdout: process.stdout, stderr: process.stderr });
  });
program
  .command('eval')
  .description('measure on labeled texts how well everything is told apart; exit 2: bad use or input')
  .requiredOption('--data <folder>', 'folder of *.jsonl and *.jsonl.gz files, one per source')
  .option('--config <file>', 'config file')
  .addOption(new Option('--split <split>', 'rows to take').choices(['dev', 'train', 'all']).default('dev'))
  .addOption(
    new Option('--direction <direction>', 'side to judge every text for; by default its role says it').choices([
      'input',
      'output',
    ]),
  )
  .option('--limit <rows>', 'most rows of each source', parseCount)
  .option('--json <file>', 'write the figures as JSON')
  .option('--html <file>', 'write a report with curves and a threshold slider')
  .hook('preAction', endWithReader)
  .action(async (options: EvalOptions) => {
    process.exitCode = await evaluate(options, process);
  });
const lexicon = program
  .command('lexicon')
  .description('tools for those who edit the word lists')
  .hook('preAction', endWithReader);
lexicon
  .command('lint')
  .description('check lists; exit 0: fine, or warnings only, 1: warnings with --strict, 2: errors')
  .argument('[path...]', 'list files or folders; the lists of the config when left out')
  .option('--config <file>', 'config file')
  .option('--strict', 'exit with 1 after a warning')
  .action((paths: string[], options: LexiconLintOptions) => {
    process.exitCode = lexiconLint(paths, options, process);
  });
lexicon
  .command('explain')
  .description('say which list entries match a text, by which folds, and why each counts or not')
  .argument('<text>', 'text, or - for standard input')
  .option('--config <file>', 'config file')
  .addOption(directionOption())
  .option('--json', 'write one JSON object')
  .action((text: string, options: LexiconExplainOptions) => lexiconExplain(text, options, process));
lexicon
  .command('stats')
  .description('count entries and terms, and name the entries that cost most')
  .option('--config <file>', 'config file')
  .option('--json', 'write one JSON object')
  .action((options: LexiconStatsOptions) => writeLexiconStats(options, process));
addHitsCommands(program).hook('preAction', endWithReader);
addAppealsCommands(program).hook('preAction', endWithReader);
addEvidenceCommands(program).hook('preAction', endWithReader);
addFeaturesCommands(program).hook('preAction', endWithReader);
const subjects = program
  .command('subjects')
  .description('steps against those whose requests are blocked again and again')
  .hook('preAction', endWithReader);
const subjectsContext = () => ({ stdout: process.stdout, nowMs: Date.now() });
subjects
  .command('list')
  .description('the steps that hold now')
  .option('--config <file>', 'config file')
  .option('--json', 'write JSON lines')
  .action((options: SubjectsOptions) => subjectsList(options, subjectsContext()));
subjects
  .command('show')
  .description('every step that was ever taken against a subject; exit 1: there is none')
  .argument('<subject>', 'subject, as the record names it')
  .option('--config <file>', 'config file')
  .option('--json', 'write JSON lines')
  .action(async (subject: string, options: SubjectsOptions) => {
    process.exitCode = (await subjectsShow(subject, options, subjectsContext())) ? 0 : 1;
  });
subjects
  .command('restore')
  .description('take back every step against a subject; its strikes so far count no more')
  .argument('<subject>', 'subject, as the record names it')
  .option('--config <file>', 'config file')
  .option('--reason <text>', 'why, for the record')
  .action((subject: string, options: SubjectStepOptions) => subjectsRestore(subject, options, subjectsContext()));
subjects
  .command('suspend')
  .description('refuse every request of a subject')
  .argument('<subject>', 'subject, as the record names it')
  .option('--config <file>', 'config file')
  .option('--until <time>', 'end, such as 2030-01-31T12:00:00Z; until it is restored when left out')
  .option('--reason <text>', 'why, for the record')
  .action((subject: string, options: SubjectStepOptions) => subjectsSuspend(subject, options, subjectsContext()));
program.parseAsync().catch(fail);

function directionOption(): Option {
  return new Option('--direction <direction>', 'side to judge').choices(['input', 'output']).default('input');
}

/** The reader of our output may have enough of it, as `head` does. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? process.exit() : fail(error)));
}

function parseCount(value: string): number {
  if (!/^[1-9]\d{0,14}$/u.test(value)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(value);
}

/** One message, no stack: whoever reads it runs sluice and does not write it. */
function fail(error: unknown): void {
  if (!(error instanceof ToldError)) process.stderr.write(`sluice: ${errorText(error)}\n`);
  process.exit(2);
}
