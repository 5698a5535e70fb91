import { type Command, InvalidArgumentError, Option } from 'commander';
import { CATEGORIES, FEATURE_ORIGINS } from '../core/index.js';
import { type FeaturesAddOptions, featuresAdd } from './features-add.js';
import {
  type FeaturesExportOptions,
  type FeaturesImportOptions,
  featuresExport,
  featuresImport,
} from './features-exchange.js';
import { type FeaturesListOptions, featuresList } from './features-list.js';
import { type FeaturesRevokeOptions, featuresRevoke } from './features-revoke.js';

/** Adds `features` and its commands to a program, and returns it. */
export function addFeaturesCommands(program: Command): Command {
  const features = program
    .command('features')
    .description('fingerprints of content that was confirmed as violating; they hold no text');
  features
    .command('add')
    .description('make a feature of a text, so that it is found when it comes again, also changed')
    .argument('[file]', 'file with the passage that violates, and nothing else; - for standard input')
    .option(
      '--hit <id>',
      'hit or request of the record that is confirmed; its kept text is taken when there is no file',
    )
    .option('--by <name>', 'who confirms it; needed to take a kept text')
    .addOption(new Option('--category <category>', 'category; that of the hit when left out').choices(CATEGORIES))
    .option('--severity <severity>', 'from 1 (mild) to 4 (severe), as in word lists', readSeverity, 4)
    .option('--days <days>', 'days after which it expires', readCount)
    .option('--reason <text>', 'why; never text of a user')
    .option('--restore', 'also when it was revoked')
    .option('--config <file>', 'config file')
    .action((file: string | undefined, options: FeaturesAddOptions) => featuresAdd(file, options, process));
  features
    .command('import')
    .description(
      'take over the export of another deployment, made with the same key; all of it or nothing of a bad file',
    )
    .argument('<file>', 'export; - for standard input')
    .option('--days <days>', 'days after which what has no expiry expires', readCount)
    .option('--restore', 'also what was revoked here')
    .option('--config <file>', 'config file')
    .action((file: string, options: FeaturesImportOptions) => featuresImport(file, options, process));
  features
    .command('export')
    .description('write all features that hold as JSON lines')
    .addOption(new Option('--category <category>', 'of one category').choices(CATEGORIES))
    .addOption(new Option('--origin <origin>', 'of one origin').choices(FEATURE_ORIGINS))
    .option('--config <file>', 'config file')
    .action((options: FeaturesExportOptions) => featuresExport(options, process));
  features
    .command('revoke')
    .description('let features go: their fingerprints are erased, their ids kept so that no import brings them back')
    .argument('<id...>', 'ids, as hits name them')
    .option('--reason <text>', 'why; never text of a user')
    .option('--config <file>', 'config file')
    .action(async (ids: string[], options: FeaturesRevokeOptions) => {
      process.exitCode = await featuresRevoke(ids, options, process);
    });
  features
    .command('list')
    .description('features that hold, without their fingerprints')
    .addOption(new Option('--category <category>', 'of one category').choices(CATEGORIES))
    .addOption(new Option('--origin <origin>', 'of one origin').choices(FEATURE_ORIGINS))
    .option('--all', 'also revoked and expired ones')
    .option('--json', 'write JSON lines')
    .option('--config <file>', 'config file')
    .action((options: FeaturesListOptions) => featuresList(options, process));
  return features;
}

function readSeverity(text: string): number {
  if (!/^[1-4]$/u.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 4.');
  return Number(text);
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,4}$/u.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
