#!/usr/bin/env node
import { Command, Option } from 'commander';
import { type CheckOptions, check, type ServeOptions, serve } from './commands/index.js';
import { SluiceError } from './core/index.js';
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
    let stoppingSince = 0;
    for (const [signal, exitCode] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      process.on(signal, () => {
        const now = performance.now();
        if (stoppingSince === 0) {
          stoppingSince = now;
          served.stop().then(() => process.exit(0), fail);
        } else if (now - stoppingSince > SAME_SIGNAL_MS) process.exit(exitCode);
      });
    }
  });
program
  .command('check')
  .description('judge lines of text; exit 0: nothing blocked, 1: something blocked, 2: bad use or input')
  .argument('[file...]', 'files, or - for standard input')
  .option('--config <file>', 'config file')
  .addOption(new Option('--direction <direction>', 'side to judge').choices(['input', 'output']).default('input'))
  .option('--jsonl', 'lines are {"id"?,"text","direction"?} objects, and so are the results')
  .action(async (files: string[], options: CheckOptions) => {
    process.exitCode = await check(files, options, { stdout: process.stdout, stderr: process.stderr });
  });
program.parseAsync().catch(fail);

/** One message, no stack: whoever reads it runs sluice and does not write it. */
function fail(error: unknown): void {
  const code = error instanceof SluiceError ? `${error.code}: ` : '';
  process.stderr.write(`sluice: ${code}${error instanceof Error ? error.message : 'failed'}\n`);
  process.exit(2);
}
