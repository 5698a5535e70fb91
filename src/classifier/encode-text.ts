/** Number of hash buckets; a power of two. */
export const BUCKETS = 1 << 18;

const MAX_WORD = 64;
const BOUNDARY = 1;
const FNV_PRIME = 0x01000193;
const SEEDS = { word: 0x811c9dc5, pair: 0x2f0b4a17, part: 0x51ed270b, cjk: 0x7a3d91c3 } as const;
const LETTER = /[\p{L}\p{N}\p{M}]/u;
const CJK = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u;

function mix(hash: number, codePoint: number): number {
  return Math.imul(hash ^ codePoint, FNV_PRIME);
}

function bucketOf(hash: number): number {
  let mixed = hash ^ (hash >>> 15);
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  mixed ^= mixed >>> 13;
  return mixed & (BUCKETS - 1);
}

/**
 * Turns text into hashed features as it arrives: words and word pairs, character 3-5-grams inside words, and
 * character 1-3-grams of Chinese and Japanese. The split into pieces never changes the features.
 */
export class TextEncoder {
  readonly #emit: (bucket: number) => void;
  readonly #word: number[] = [];
  #previousWord = 0;
  #cjk1 = 0;
  #cjk2 = 0;
  #highSurrogate = '';

  constructor(emit: (bucket: number) => void) {
    this.#emit = emit;
  }

  /** Adds a piece of text; the last word stays open until `flushWord` or the next word. */
  append(piece: string): void {
    let text = this.#highSurrogate + piece;
    this.#highSurrogate = '';
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#highSurrogate = text.slice(-1);
      text = text.slice(0, -1);
    }
    for (const character of text) {
      const codePoint = character.codePointAt(0) ?? 0;
      if (codePoint < 128) {
        this.#add(codePoint >= 65 && codePoint <= 90 ? codePoint + 32 : codePoint, character);
        continue;
      }
      for (const folded of character.normalize('NFKC').toLowerCase()) {
        this.#add(folded.codePointAt(0) ?? 0, folded);
      }
    }
  }

  /** Features of the open word, without closing it. */
  openWord(emit: (bucket: number) => void): void {
    if (this.#word.length > 0) {
      this.#emitWord(emit);
    }
  }

  #add(codePoint: number, character: string): void {
    const ascii = codePoint < 128;
    const letter = ascii
      ? (codePoint >= 97 && codePoint <= 122) || (codePoint >= 48 && codePoint <= 57)
      : LETTER.test(character);
    if (!letter) {
      this.#closeWord();
      this.#cjk1 = 0;
      this.#cjk2 = 0;
    } else if (!ascii && CJK.test(character)) {
      this.#closeWord();
      this.#previousWord = 0;
      this.#addCjk(codePoint);
    } else {
      this.#cjk1 = 0;
      this.#cjk2 = 0;
      this.#word.push(codePoint);
      if (this.#word.length >= MAX_WORD) {
        this.#closeWord();
      }
    }
  }

  #addCjk(codePoint: number): void {
    const one = mix(SEEDS.cjk, codePoint);
    this.#emit(bucketOf(one));
    if (this.#cjk1 !== 0) {
      const two = mix(one, this.#cjk1);
      this.#emit(bucketOf(two));
      if (this.#cjk2 !== 0) {
        this.#emit(bucketOf(mix(two, this.#cjk2)));
      }
    }
    this.#cjk2 = this.#cjk1;
    this.#cjk1 = codePoint;
  }

  #closeWord(): void {
    if (this.#word.length > 0) {
      this.#previousWord = this.#emitWord(this.#emit);
      this.#word.length = 0;
    }
  }

  #emitWord(emit: (bucket: number) => void): number {
    const word = this.#word;
    let hash: number = SEEDS.word;
    for (const codePoint of word) {
      hash = mix(hash, codePoint);
    }
    emit(bucketOf(hash));
    if (this.#previousWord !== 0) {
      emit(bucketOf(mix(mix(SEEDS.pair, this.#previousWord), hash)));
    }
    const at = (index: number): number => word[index] ?? BOUNDARY;
    for (let start = -1; start < word.length - 1; start++) {
      let part = mix(mix(SEEDS.part, at(start)), at(start + 1));
      for (let size = 3; size <= 5 && start + size <= word.length + 1; size++) {
        part = mix(part, at(start + size - 1));
        emit(bucketOf(part));
      }
    }
    return hash;
  }
}

/** Hashed features of a whole text, one bucket per occurrence. */
export function encodeText(text: string): number[] {
  const buckets: number[] = [];
  const emit = (bucket: number): void => {
    buckets.push(bucket);
  };
  const encoder = new TextEncoder(emit);
  encoder.append(text);
  encoder.openWord(emit);
  return buckets;
}
