import { type Fold, isUnspaced, SEPARATOR, sharedFold } from '../text/index.js';
import type { Condition, LexiconEntry, ListPlace, ParsedList, Phrase } from './entry.js';
import { writtenPhrase } from './explain.js';
import { findOverlaps, type Overlap } from './overlaps.js';
import { compilePhrase } from './pattern.js';

/** Kinds of doubtful entries. */
export const LINT_KINDS = [
  'duplicate',
  'same-letters',
  'shadowed',
  'idle-allow',
  'no-letters',
  'short-word',
  'many-terms',
  'dead-condition',
  'unless-at-4',
] as const;

/** Kind of a doubtful entry. */
export type LintKind = (typeof LINT_KINDS)[number];

/** Something about a list that is allowed and probably not meant. */
export interface LintWarning extends ListPlace {
  readonly kind: LintKind;
  readonly message: string;
}

/** Terms of one entry beyond which it is worth splitting or writing with `near`. */
export const MANY_TERMS = 2000;
const MAX_SHORT_LETTERS = 3;

/** What is doubtful about lists that were read without errors, in the order of their lines. Reads their phrases with them. */
export function lintLists(lists: readonly ParsedList[]): LintWarning[] {
  const fold = sharedFold();
  const warnings: LintWarning[] = [];
  for (const { entries, allow } of lists) {
    for (const entry of entries) {
      for (const [kind, message] of entryWarnings(entry, fold)) warnings.push({ ...entry.source, kind, message });
    }
    for (const phrase of allow) {
      const message = `"!${writtenPhrase(phrase)}" holds no letter, so nothing matches it`;
      if (lettersOf(phrase, fold) === undefined) warnings.push({ ...phrase.source, kind: 'no-letters', message });
    }
  }
  const { terms, idleAllow } = findOverlaps(lists);
  warnings.push(...overlapWarnings(terms));
  for (const { source, ...phrase } of idleAllow) {
    const message = `"!${writtenPhrase(phrase)}" spares nothing: it holds no shorter term of these lists`;
    warnings.push({ ...source, kind: 'idle-allow', message });
  }
  const order = new Map(
    lists.flatMap(({ entries, allow }) => [...entries, ...allow]).map(({ source }, i) => [source.file, i]),
  );
  return warnings.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line);
}

function entryWarnings(entry: LexiconEntry, fold: Fold): [LintKind, string][] {
  const { terms, conditions, severity, exact } = entry;
  const warnings: [LintKind, string][] = [];
  const letters = terms.map((term) => lettersOf(term, fold));
  const silent = terms.filter((_, index) => letters[index] === undefined);
  if (silent.length > 0) {
    warnings.push(['no-letters', `${sample(silent)} holds no letter, so nothing matches it`]);
  }
  const short = terms.filter((_, index) => {
    const { count, isWord } = letters[index] ?? { count: 0, isWord: false };
    return isWord && count <= MAX_SHORT_LETTERS;
  });
  if (severity >= 3 && conditions.length === 0 && !exact && short.length > 0) {
    const rule = `${MAX_SHORT_LETTERS} letters or fewer at severity ${severity} without a condition`;
    warnings.push(['short-word', `${sample(short)} is a word of ${rule}`]);
  }
  if (terms.length > MANY_TERMS) {
    warnings.push([
      'many-terms',
      `expands to ${terms.length} terms, more than ${MANY_TERMS}; \`near\` may say it in fewer`,
    ]);
  }
  if (severity === 4 && conditions.some(({ kind }) => kind === 'unless')) {
    warnings.push(['unless-at-4', 'severity 4 with `unless`: whoever adds the phrase on purpose gets through']);
  }
  for (const condition of conditions) {
    const mute = condition.phrases.filter((phrase) => lettersOf(phrase, fold) === undefined);
    if (mute.length > 0) {
      warnings.push(['dead-condition', `\`${condition.kind}\` ${sample(mute)} holds no letter, so nothing matches it`]);
    }
    const dead = condition.phrases.filter((phrase) => neverNear(phrase, entry, fold));
    if (dead.length === 0) continue;
    warnings.push([
      'dead-condition',
      `\`${condition.kind}\` ${sample(dead)} can never stand within ${entry.within.back}`,
    ]);
  }
  const voids = new Set(conditions.filter(({ kind }) => kind === 'unless').flatMap(phrasesOf));
  for (const condition of conditions) {
    if (condition.kind !== 'near' || !phrasesOf(condition).every((phrase) => voids.has(phrase))) continue;
    warnings.push(['dead-condition', 'never counts: every `near` phrase is an `unless` phrase too']);
  }
  return warnings;
}

/** One warning for each kind and entry, however many of its terms are concerned. */
function overlapWarnings(overlaps: readonly Overlap[]): LintWarning[] {
  const found = new Map<LexiconEntry, Map<LintKind, Map<Phrase, Overlap>>>();
  for (const overlap of overlaps) {
    const kind = kindOf(overlap);
    const kinds = found.get(overlap.entry) ?? new Map<LintKind, Map<Phrase, Overlap>>();
    const terms = kinds.get(kind) ?? new Map<Phrase, Overlap>();
    if (!terms.has(overlap.term)) terms.set(overlap.term, overlap);
    found.set(overlap.entry, kinds.set(kind, terms));
  }
  return [...found].flatMap(([entry, kinds]) =>
    [...kinds].flatMap(([kind, terms]) => {
      const [first] = terms.values();
      if (first === undefined) return [];
      const { file, line } = first.other.source;
      const more = terms.size === 1 ? '' : ` (and ${terms.size - 1} more of the ${entry.terms.length} terms)`;
      const other = `"${writtenPhrase(first.otherTerm)}" of ${file}:${line}`;
      return [{ ...entry.source, kind, message: `${sample([first.term])} ${relation(kind)} ${other}${more}` }];
    }),
  );
}

function kindOf({ isSame, term, otherTerm }: Overlap): LintKind {
  if (!isSame) return 'shadowed';
  return term.text.toLowerCase() === otherTerm.text.toLowerCase() ? 'duplicate' : 'same-letters';
}

function relation(kind: LintKind): string {
  if (kind === 'duplicate') return 'repeats';
  return kind === 'shadowed' ? 'is always found by' : 'is read as the same letters as';
}

function phrasesOf({ phrases }: Condition): string[] {
  return phrases.map(writtenPhrase);
}

/** Whether a phrase has no place beside any term of the entry that is near enough for its conditions. */
function neverNear(phrase: Phrase, { terms, within }: LexiconEntry, fold: Fold): boolean {
  const letters = lettersOf(phrase, fold);
  if (letters === undefined || within.back > 0) return false;
  return terms.every((term) => {
    const gap =
      letters.isSpaced && lettersOf(term, fold)?.isSpaced === true && !phrase.openEnd && !term.openStart ? 1 : 0;
    const overlaps = phrase.text.toLowerCase().includes(term.text.toLowerCase());
    return !overlaps && within.back < gap && phrase.text.length + gap > within.ahead;
  });
}

/** Number of letters of a phrase, Hangul counted as jamo, and how it is written; `undefined` when it has none. */
function lettersOf(
  phrase: Phrase,
  fold: Fold,
): { readonly count: number; readonly isSpaced: boolean; readonly isWord: boolean } | undefined {
  const pattern = compilePhrase(phrase, { use: { kind: 'allow' }, fold });
  if (pattern === undefined) return undefined;
  const { units, runs, leads, trails } = pattern;
  let count = 0;
  units.forEach((unit, index) => {
    if (unit !== SEPARATOR) count += runs[index] ?? 1;
  });
  const inner = units.slice(leads ? 1 : 0, trails ? -1 : undefined);
  const isSpaced = !units.some(isUnspaced);
  return { count, isSpaced, isWord: isSpaced && !inner.includes(SEPARATOR) };
}

function sample([first, ...more]: readonly Phrase[]): string {
  const text = first === undefined ? '' : `"${writtenPhrase(first)}"`;
  return more.length === 0 ? text : `${text} (and ${more.length} more)`;
}
