import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from './disguise.js';

/** Kinds of text: English, Chinese, a chat that mixes English, Chinese and Japanese, and answers with source code. */
export const CORPORA = ['en', 'zh', 'mixed', 'code'] as const;

/** One of the kinds of text. */
export type Corpus = (typeof CORPORA)[number];

/** What a text is made of. */
export interface CorpusOptions {
  readonly corpus: Corpus;
  /** Length in UTF-16 units. */
  readonly chars: number;
  /** Share of the words, in [0, 1], in whose place a term stands. */
  readonly hitShare?: number;
  readonly terms?: readonly string[];
}

const CHAT =
  'The quick brown fox jumps over the lazy dog, and 今天天气很好我们去公园吧 then 明日は公園へ行こう some more plain prose. ';
/** A word of Latin letters, or two characters of a script without spaces: what a term takes the place of. */
const WORD = /[a-z]+|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]{2}/giu;
const IS_LATIN = /^[a-z]/i;

/**
 * A text of a kind, the same for the same options. Terms stand apart from what is around them, by spaces or Chinese commas, so that they
 * are words for engines that look at word edges too.
 */
export function corpusText({ corpus, chars, hitShare = 0, terms = [] }: CorpusOptions): string {
  const source = corpus === 'mixed' ? CHAT : readFileSync(join(__dirname, '../speed/benign', `${corpus}.txt`), 'utf8');
  const base = source.repeat(Math.ceil(chars / source.length));
  if (hitShare === 0) return base.slice(0, chars);
  const random = seededRandom(chars);
  const text = base.replace(WORD, (word) => {
    if (random() >= hitShare) return word;
    const term = terms[Math.floor(random() * terms.length)] ?? '';
    return IS_LATIN.test(term) ? ` ${term} ` : `，${term}，`;
  });
  // Cut behind a whole word, or a term at the end might lose a part of itself.
  const cut = text.slice(0, chars);
  return cut.slice(0, Math.max(cut.lastIndexOf(' '), cut.lastIndexOf('，')) + 1);
}
