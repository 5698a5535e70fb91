import { lexiconOptions } from '../compose.js';
import { type LexiconStats, lexiconStats, loadLexicon } from '../lexicon/index.js';
import { loadConfig } from '../load-config.js';
import { formatTable } from './format-table.js';
import type { LexiconStreams } from './lexicon-lint.js';

/** What the command line gives to `lexicon stats`. */
export interface LexiconStatsOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Writes what the lists of a config hold and cost.
 * @throws {SluiceError} when the config or a list is invalid.
 */
export function writeLexiconStats(
  { config: file, json = false }: LexiconStatsOptions,
  { stdout }: LexiconStreams,
): void {
  const options = lexiconOptions(loadConfig(file), file);
  const startMs = performance.now();
  const lexicon = loadLexicon(options);
  const buildMs = Math.round(performance.now() - startMs);
  const stats = lexiconStats(lexicon);
  stdout.write(json ? `${JSON.stringify({ ...stats, buildMs })}\n` : describeStats(stats, buildMs));
}

function describeStats(stats: LexiconStats, buildMs: number): string {
  const { entries, terms, conditionPhrases, allowPhrases, states, tableBytes } = stats;
  const lines = [
    `lexicon ${stats.version}: ${entries} entries, ${terms} terms, ${conditionPhrases} condition phrases, ${allowPhrases} allow-phrases`,
    `${states.plain} states, ${states.spelled} more for words spelled out; tables of ${(tableBytes / 2 ** 20).toFixed(1)} MiB; read and built in ${buildMs} ms`,
    '',
    ...formatTable([
      ['language', 'category', 'severity', 'entries', 'terms', 'condition phrases'],
      ...stats.counts.map((row) => [
        row.language,
        row.category,
        row.severity,
        row.entries,
        row.terms,
        row.conditionPhrases,
      ]),
    ]),
    '',
    'Entries with the most expansions:',
    ...formatTable([
      ['terms', 'condition phrases', 'entry', 'place'],
      ...stats.costliest.map(({ id, source, ...row }) => [
        row.terms,
        row.conditionPhrases,
        id,
        `${source.file}:${source.line}`,
      ]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
