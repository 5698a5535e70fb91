import { text as readStream } from 'node:stream/consumers';
import { composePipeline, openServices } from '../compose.js';
import type { Direction, Hit, Verdict } from '../core/index.js';
import { type ExplainedMatch, explainText, type FoundPhrase } from '../lexicon/index.js';
import { loadConfig } from '../load-config.js';
import { openText } from '../load-text.js';
import { type ResolvedPolicy, scoreOfSeverity } from '../policy/index.js';
import { describeVerdict } from './check-record.js';
import type { LexiconStreams } from './lexicon-lint.js';

/** What the command line gives to `lexicon explain`. */
export interface LexiconExplainOptions {
  readonly config?: string;
  readonly direction: Direction;
  readonly json?: boolean;
}

/** A match with what the policy makes of it. */
interface JudgedMatch extends ExplainedMatch {
  /** In [0, 1]; undefined for a match that does not count. */
  readonly score: number | undefined;
  /** What the policy does for it alone; undefined for a match that does not count. */
  readonly action: 'allow' | Hit['action'] | undefined;
}

/** Near phrases that are named; an entry may have hundreds. */
const MAX_NAMED_PHRASES = 12;

/**
 * Writes every list match in a text (of standard input for `-`), why it counts or not, and the verdict of the default policy.
 * @throws {SluiceError} when the config, a list or the model is unusable.
 */
export async function lexiconExplain(
  given: string,
  { config: file, direction, json = false }: LexiconExplainOptions,
  { stdout }: LexiconStreams,
): Promise<void> {
  const config = loadConfig(file);
  const text = given === '-' ? (await readStream((await openText('-')).stream)).replace(/\r?\n$/, '') : given;
  const services = await openServices(config, { record: false });
  const { lexicon, classifier, policies, moderator } = await composePipeline(config, { file, services });
  const policy = policies.get('default');
  if (policy === undefined) throw new TypeError('There is no default policy.');
  const verdict = moderator.moderate(text, { direction, policy });
  classifier.part?.dispose();
  const matches = explainText(lexicon.part, text).map((match) => judge(match, { verdict, policy }));
  if (json) {
    const { action, hits, scores } = verdict;
    stdout.write(`${JSON.stringify({ matches, verdict: { action, scores, hits } })}\n`);
    return;
  }
  const blocks = matches.map(describeMatch);
  const summary = verdict.action === 'allow' ? 'allow' : describeVerdict(verdict);
  stdout.write(`${[...blocks, `verdict for ${direction}: ${summary}`].join('\n\n')}\n`);
}

function judge(
  match: ExplainedMatch,
  { verdict, policy }: { readonly verdict: Verdict; readonly policy: ResolvedPolicy },
): JudgedMatch {
  if (match.outcome.kind !== 'counts') return { ...match, score: undefined, action: undefined };
  const { entry, span, severity } = match;
  const hit = verdict.hits.find(
    ({ termId, span: at }) => termId === entry && at.start === span.start && at.end === span.end,
  );
  return { ...match, score: scoreOfSeverity(severity, policy), action: hit?.action ?? 'allow' };
}

function describeMatch(match: JudgedMatch): string {
  const { span, text, term, entry, source, category, severity, folds } = match;
  return [
    `[${span.start},${span.end}) ${JSON.stringify(text)}`,
    `  entry    ${entry}, ${source.file}:${source.line}: ${JSON.stringify(term)}, ${category}, severity ${severity}`,
    `  read by  ${folds.length === 0 ? 'nothing; it is written so' : folds.join(', ')}`,
    `  outcome  ${describeOutcome(match)}`,
  ].join('\n');
}

function describeOutcome({ outcome, score, action }: JudgedMatch): string {
  switch (outcome.kind) {
    case 'counts':
      return `counts, score ${score}: ${action === 'allow' ? 'below every threshold' : action}`;
    case 'allowed':
      return `void: inside the allow-phrase ${describePhrase(outcome.by)}`;
    case 'unless':
      return `void: \`unless\` ${describePhrase(outcome.by)}`;
    case 'cuts-word':
      return 'void: joins the halves of two words';
    case 'near-missing': {
      const named = outcome.phrases.slice(0, MAX_NAMED_PHRASES).map((phrase) => JSON.stringify(phrase));
      const more = outcome.phrases.length - named.length;
      const { back, ahead } = outcome.within;
      const where = back === Number.POSITIVE_INFINITY ? 'anywhere' : String(back);
      return `void: none of ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''} within ${where} before or ${ahead} after`;
    }
  }
}

function describePhrase({ phrase, span, source }: FoundPhrase): string {
  const at = `at [${span.start},${span.end})`;
  if (phrase === undefined || source === undefined) return at;
  return `${JSON.stringify(phrase)} ${at}, ${source.file}:${source.line}`;
}
