import { loadEvidenceKeys } from '../load-evidence-keys.js';
import { maskPersonalData } from '../privacy/index.js';
import { EvidenceReader, type RevealedEvidence } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import { showText } from './show-text.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `evidence reveal`. */
export interface EvidenceRevealOptions extends DatabaseOptions {
  readonly by: string;
  readonly reason: string;
  readonly unmasked?: boolean;
  readonly json?: boolean;
}

/**
 * Writes the texts kept for a hit or a request, personal data masked unless asked for; each is noted first, with who and why.
 * @throws {SluiceError} when none was kept or one cannot be read, or the config or the database cannot be used.
 * @throws {TypeError} when nobody is named, or no reason.
 */
export async function evidenceReveal(
  id: string,
  { by, reason, unmasked = false, json = false, ...options }: EvidenceRevealOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  if (by.trim() === '' || reason.trim() === '') throw new TypeError('--by and --reason must say something.');
  const revealed = await withDatabase(options, (database, { evidence: { keyEnv } }) =>
    new EvidenceReader(database, loadEvidenceKeys(keyEnv)).reveal(id, { by, reason, unmasked, nowMs: Date.now() }),
  );
  const shown = revealed.map((each) => present(each, unmasked));
  if (json) for (const each of shown) stdout.write(`${JSON.stringify(each)}\n`);
  else stdout.write(shown.map(describe).join('\n'));
}

/** A kept text as it is shown: the spans lie in `text`. */
interface ShownEvidence extends RevealedEvidence {
  /** Pieces of personal data that are masked. */
  readonly masked: number;
}

function present(evidence: RevealedEvidence, unmasked: boolean): ShownEvidence {
  const { text, start } = evidence;
  const within = evidence.spans.flatMap(({ start: from, end: to }) => {
    const span = { start: Math.max(0, from - start), end: Math.min(text.length, to - start) };
    return span.start < span.end ? [span] : [];
  });
  if (unmasked) return { ...evidence, spans: within, masked: 0 };
  return { ...evidence, ...maskPersonalData(text, within) };
}

function describe({
  hit,
  timeMs,
  requestId,
  category,
  field,
  text,
  start,
  chars,
  spans,
  masked,
}: ShownEvidence): string {
  const lines: [string, string][] = [
    ['hit', hit],
    ['time', new Date(timeMs).toISOString()],
    ['request', requestId],
    ['category', category],
    ['field', field],
    ['text', `from ${start} of ${chars} characters${masked === 0 ? '' : `; masked: ${masked}`}`],
  ];
  return `${lines.map(([name, value]) => `${name.padEnd(13)}${value}\n`).join('')}\n${showText(text, spans)}\n`;
}
