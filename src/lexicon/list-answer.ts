import { ConfigError, type ConfigIssue, LexiconError, type LexiconIssue } from '../core/index.js';
import { type LexiconOptions, loadPackedLexicon, type PackedLexicon } from './load-lexicon.js';

/** What a thread says of the lists that it was to build: errors lose their class on the way between threads. */
export type ListAnswer =
  | { readonly packed: PackedLexicon }
  | { readonly badLists: readonly LexiconIssue[] }
  | { readonly badConfig: readonly ConfigIssue[]; readonly where: string };

/** Builds lists, or says what is wrong with them. */
export function answerOf(options: LexiconOptions): ListAnswer {
  try {
    return { packed: loadPackedLexicon(options) };
  } catch (error) {
    if (error instanceof LexiconError) return { badLists: error.issues };
    if (error instanceof ConfigError) return { badConfig: error.issues, where: options.where ?? 'config' };
    throw error;
  }
}

/**
 * The bytes of an answer.
 * @throws {LexiconError} when the lists are wrong.
 * @throws {ConfigError} when what the config says about them is.
 */
export function packedOf(answer: ListAnswer): PackedLexicon {
  if ('badLists' in answer) throw new LexiconError(answer.badLists);
  if ('badConfig' in answer) throw new ConfigError(answer.where, answer.badConfig);
  return answer.packed;
}
