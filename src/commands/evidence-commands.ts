import type { Command } from 'commander';
import { isoOf } from '../core/index.js';
import { loadEvidenceKeys } from '../load-evidence-keys.js';
import { listEvidenceEvents, rotateEvidenceKeys } from '../store/index.js';
import { type EvidenceRevealOptions, evidenceReveal } from './evidence-reveal.js';
import { formatTable } from './format-table.js';
import type { HitsStreams } from './hits-list.js';
import { parseCount } from './parse-count.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `evidence audit`. */
export interface EvidenceAuditOptions extends DatabaseOptions {
  readonly limit: number;
  readonly hit?: string;
  readonly json?: boolean;
}

/** What the command line gives to `evidence rotate`. */
export interface EvidenceRotateOptions extends DatabaseOptions {
  readonly by?: string;
}

/** Adds `evidence` and its commands to a program, and returns it. */
export function addEvidenceCommands(program: Command): Command {
  const evidence = program.command('evidence').description('texts that are kept, encrypted, beside hits');
  evidence
    .command('reveal')
    .description('show the texts kept for a hit, personal data masked; who looks, and why, is noted first')
    .argument('<id>', 'id of a hit, or of a request as a notice names it')
    .requiredOption('--by <name>', 'who looks')
    .requiredOption('--reason <text>', 'why')
    .option('--unmasked', 'show personal data too; noted as such')
    .option('--config <file>', 'config file')
    .option('--json', 'write JSON lines')
    .action((id: string, options: EvidenceRevealOptions) => evidenceReveal(id, options, process));
  evidence
    .command('audit')
    .description('who has looked at what, and what became of kept texts; the newest last')
    .option('--hit <id>', 'of one hit')
    .option('--limit <rows>', 'most of them', parseCount, 50)
    .option('--config <file>', 'config file')
    .option('--json', 'write JSON lines')
    .action((options: EvidenceAuditOptions) => evidenceAudit(options, process));
  evidence
    .command('rotate')
    .description(
      'protect every kept text by the first key; exit 1: some are under a key that is not in the environment',
    )
    .option('--by <name>', 'who does it')
    .option('--config <file>', 'config file')
    .action(async (options: EvidenceRotateOptions) => {
      process.exitCode = await evidenceRotate(options, process);
    });
  return evidence;
}

/**
 * Writes what was done with kept texts, the newest last.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function evidenceAudit(
  { limit, hit, json = false, ...options }: EvidenceAuditOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  const events = await withDatabase(options, (database) => listEvidenceEvents(database, { limit, hit }));
  if (json) {
    for (const { timeMs, ...event } of events) {
      stdout.write(`${JSON.stringify({ time: isoOf(timeMs), ...event })}\n`);
    }
    return;
  }
  const head = ['time', 'what', 'hit', 'texts', 'by', 'reason'];
  const rows = events.map(({ timeMs, kind, hit: of, count, by, reason }) => [
    isoOf(timeMs),
    kind,
    of ?? '-',
    count,
    by ?? '-',
    reason ?? '-',
  ]);
  stdout.write(events.length === 0 ? 'nothing was done\n' : `${formatTable([head, ...rows]).join('\n')}\n`);
}

/**
 * Protects every kept text by the first key of the environment; returns the exit code: 1 when some could not be.
 * @throws {SluiceError} when the config, the keys or the database cannot be used.
 */
export async function evidenceRotate(
  { by, ...options }: EvidenceRotateOptions,
  { stdout }: HitsStreams,
): Promise<0 | 1> {
  const { rewrapped, keyId, left } = await withDatabase(options, (database, { evidence: { keyEnv } }) =>
    rotateEvidenceKeys(database, loadEvidenceKeys(keyEnv), { by: by ?? null, nowMs: Date.now() }),
  );
  stdout.write(`${rewrapped} ${rewrapped === 1 ? 'text' : 'texts'} moved to key ${keyId}\n`);
  for (const [id, count] of left) {
    stdout.write(`${count} left under key ${id}, which is not in the environment or does not open them\n`);
  }
  return left.size === 0 ? 0 : 1;
}
