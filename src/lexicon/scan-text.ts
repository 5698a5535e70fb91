import type { LexiconDetection } from '../core/index.js';
import type { Lexicon } from './build.js';
import { LexiconScanner } from './lexicon-scanner.js';

/** Scans a whole text: the same scanner, fed once. */
export function scanText(lexicon: Lexicon, text: string): LexiconDetection[] {
  const scanner = new LexiconScanner(lexicon);
  scanner.feed(text);
  scanner.end();
  return scanner.take().map(({ decidedAt: _, heldFrom: __, ...detection }) => detection);
}
