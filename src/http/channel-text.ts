import type { Category, EvidenceRules, Hit } from '../core/index.js';
import { excerptOf, type HeardText } from './evidence.js';

/** What is known of a channel at any time is at most twice this, in UTF-16 code units: far more than a judgement waits for. */
const WINDOW_UNITS = 65_536;

/** The text of a channel as far as evidence may need it: its end, and what stood around hits that are further back. */
export class ChannelText {
  readonly #rules: EvidenceRules;
  readonly #hits: () => readonly Hit[];
  readonly #kept = new Map<Category, HeardText>();
  #text = '';
  #start = 0;

  /** @param hits returns what was found so far */
  constructor(rules: EvidenceRules, hits: () => readonly Hit[]) {
    this.#rules = rules;
    this.#hits = hits;
  }

  /** Takes the next piece. */
  append(text: string): void {
    this.#text += text;
    if (this.#text.length < WINDOW_UNITS * 2) return;
    const cut = this.#text.length - WINDOW_UNITS;
    for (const { category, span } of this.#hits()) {
      if (span.start >= this.#start + cut || this.#kept.has(category) || !this.#rules.categories.has(category))
        continue;
      this.#kept.set(category, excerptOf(this.#window, [span], this.#rules.maxChars));
    }
    this.#text = this.#text.slice(cut);
    this.#start += cut;
  }

  /** The text around the first hit of a category that is not known any more, else the end of the text. */
  hear(category: Category): HeardText {
    const kept = this.#kept.get(category);
    return kept === undefined ? this.#window : { ...kept, chars: this.#window.chars };
  }

  get #window(): HeardText {
    return { text: this.#text, start: this.#start, chars: this.#start + this.#text.length };
  }
}
