/** Many texts as one table of bytes: strings would be copied, and kept, though most are never asked for. */
export interface TextPool {
  /** Every text, one after the other. */
  readonly bytes: Uint8Array;
  /** End of each text in `bytes`. */
  readonly ends: Uint32Array;
  /** UTF-16 where a text holds half a surrogate pair, which UTF-8 has no bytes for. */
  readonly encoding: 'utf8' | 'utf16le';
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The texts as one table. */
export function poolTexts(texts: readonly string[]): TextPool {
  const encoding = texts.some((text) => LONE_SURROGATE.test(text)) ? 'utf16le' : 'utf8';
  const ends = new Uint32Array(texts.length);
  let end = 0;
  texts.forEach((text, index) => {
    end += Buffer.byteLength(text, encoding);
    ends[index] = end;
  });
  return { bytes: Buffer.from(texts.join(''), encoding), ends, encoding };
}

/** One of the texts. */
export function textAt({ bytes, ends, encoding }: TextPool, index: number): string {
  const from = index === 0 ? 0 : (ends[index - 1] ?? 0);
  const to = ends[index] ?? from;
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString(encoding);
}
