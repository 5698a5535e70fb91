import type { Category, Severity, Span } from '../core/index.js';
import { buildLexicon, type Lexicon } from './build.js';
import type { Candidate, Outcome } from './docket.js';
import type { Condition, LexiconEntry, ListPlace, Phrase } from './entry.js';
import { type FoldName, foldsOf } from './folds.js';
import { LexiconScanner } from './lexicon-scanner.js';

/** A phrase of a list that stands in the text. */
export interface FoundPhrase {
  /** As written in the list; undefined when no single phrase covers the span. */
  readonly phrase: string | undefined;
  readonly span: Span;
  /** Where the list has it. */
  readonly source: ListPlace | undefined;
}

/** What became of a match, and by what. */
export type ExplainedOutcome =
  | { readonly kind: 'counts' }
  | { readonly kind: 'allowed'; readonly by: FoundPhrase }
  | { readonly kind: 'unless'; readonly by: FoundPhrase }
  /** None of the phrases stands near enough. */
  | { readonly kind: 'near-missing'; readonly phrases: readonly string[]; readonly within: LexiconEntry['within'] }
  | { readonly kind: 'cuts-word' };

/** One match of a term, counted or not. */
export interface ExplainedMatch {
  readonly entry: string;
  readonly source: ListPlace;
  readonly category: Category;
  readonly severity: Severity;
  /** The term as written in the list, braces expanded. */
  readonly term: string;
  readonly span: Span;
  readonly text: string;
  /** By what the text is read as the term; empty when it is written just so. */
  readonly folds: readonly FoldName[];
  readonly outcome: ExplainedOutcome;
}

/** Every match of the lists in a text, in the order of the text, with what became of it and why. */
export function explainText(lexicon: Lexicon, text: string): ExplainedMatch[] {
  const matches: ExplainedMatch[] = [];
  const observe = (candidate: Candidate, outcome: Outcome): void => {
    const { entry, pattern, start, end, spelled } = candidate;
    const written = text.slice(start, end);
    matches.push({
      entry: entry.id,
      source: entry.source,
      category: entry.category,
      severity: entry.severity,
      term: writtenPhrase(pattern.phrase),
      span: { start, end },
      text: written,
      folds: foldsOf(written, { pattern, spelled, fold: lexicon.alphabet.fold }),
      outcome: explainOutcome(outcome, { lexicon, text, entry }),
    });
  };
  const scanner = new LexiconScanner(lexicon, { observe });
  scanner.feed(text);
  scanner.end();
  return matches.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
}

/** A phrase as a list writes it, with its edge stars. */
export function writtenPhrase({ text, openStart, openEnd }: Phrase): string {
  return `${openStart ? '*' : ''}${text}${openEnd ? '*' : ''}`;
}

interface Context {
  readonly lexicon: Lexicon;
  readonly text: string;
  readonly entry: LexiconEntry;
}

function explainOutcome(outcome: Outcome, { lexicon, text, entry }: Context): ExplainedOutcome {
  switch (outcome.kind) {
    case 'allowed':
      return { kind: 'allowed', by: findPhrase(lexicon.allow, text, outcome.by) };
    case 'unless': {
      const phrases = outcome.condition.phrases.map((phrase) => ({ ...phrase, source: entry.source }));
      return { kind: 'unless', by: findPhrase(phrases, text, outcome.by) };
    }
    case 'near-missing':
      return { kind: 'near-missing', phrases: phrasesOf(outcome.condition), within: entry.within };
    default:
      return outcome;
  }
}

function phrasesOf({ phrases }: Condition): string[] {
  return phrases.map(writtenPhrase);
}

/** The phrase that stands at a span, found as any term is; an open edge hides from it what the word goes on with. */
function findPhrase(
  phrases: readonly (Phrase & { readonly source: ListPlace })[],
  text: string,
  span: Span,
): FoundPhrase {
  const entries = phrases.map(
    (phrase, index): LexiconEntry => ({
      id: String(index),
      source: phrase.source,
      language: '',
      category: 'abusive',
      severity: 1,
      terms: [phrase],
      conditions: [],
      exact: false,
      within: { back: 0, ahead: 0 },
    }),
  );
  const written = text.slice(span.start, span.end);
  let found: FoundPhrase | undefined;
  const observe = ({ entry, start, end, pattern }: Candidate): void => {
    if (start > 0 || end < written.length) return;
    found ??= { phrase: writtenPhrase(pattern.phrase), span, source: entry.source };
  };
  const scanner = new LexiconScanner(buildLexicon([{ fingerprint: '', entries, allow: [] }]), { observe });
  scanner.feed(written);
  scanner.end();
  return found ?? { phrase: undefined, span, source: undefined };
}
