export { type Adjustments, adjustLists, type EntryOverride } from './adjust-lists.js';
export { buildLexicon, type Holds, type Lexicon } from './build.js';
export type { Candidate, DecidedDetection, Outcome } from './docket.js';
export type { AllowPhrase, Condition, LexiconEntry, ListPlace, ParsedList, Phrase } from './entry.js';
export { expandBraces } from './expand-braces.js';
export { type ExplainedMatch, type ExplainedOutcome, explainText, type FoundPhrase, writtenPhrase } from './explain.js';
export { FOLD_NAMES, type FoldName } from './folds.js';
export { LexiconScanner } from './lexicon-scanner.js';
export { LINT_KINDS, type LintKind, type LintWarning, lintLists } from './lint.js';
export { loadLexiconApart } from './load-apart.js';
export {
  BUILTIN_LISTS,
  type FileList,
  type InlineList,
  isPlainBuiltin,
  type LexiconOptions,
  type ListConfig,
  loadLexicon,
  loadLists,
} from './load-lexicon.js';
export { type ListSource, parseList } from './parse-list.js';
export { parsePlainList } from './parse-plain-list.js';
export { scanText } from './scan-text.js';
export { type EntryCost, type LexiconCount, type LexiconStats, lexiconStats } from './stats.js';
