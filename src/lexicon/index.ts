export { buildLexicon, type Holds, type Lexicon } from './build.js';
export type { Candidate, DecidedDetection, Outcome } from './docket.js';
export type { Condition, LexiconEntry, ParsedList, Phrase } from './entry.js';
export { LexiconScanner, scanText } from './lexicon-scanner.js';
export { BUILTIN_LISTS, type LexiconOptions, loadLexicon } from './load-lexicon.js';
export { expandBraces, type ListSource, parseList } from './parse-list.js';
