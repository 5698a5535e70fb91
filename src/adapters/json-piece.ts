import { encodeJsonText, type JsonPart, type JsonTextReader } from './json-text-reader.js';

/** One piece of JSON source as an event carries it: its texts can be replaced, and what stands between them stays. */
export class JsonPiece {
  readonly #parts: readonly JsonPart[];
  /** Whether the piece is more or less than its parts: the half of an escape came before, or waits. */
  readonly #uneven: boolean;
  /** How many of the parts went out. */
  #framed = 0;

  /** Reads the next piece of the source that `reader` reads. */
  constructor(reader: JsonTextReader, source: string) {
    const waited = reader.waits;
    this.#parts = reader.read(source);
    this.#uneven = waited || reader.waits;
  }

  /** The texts in it, by their names in the source. */
  get texts(): readonly { readonly name: string; readonly text: string }[] {
    return this.#parts.flatMap((part) => (part.name === undefined ? [] : [{ name: part.name, text: part.text }]));
  }

  /** The names of the texts that end with it. */
  get ends(): readonly string[] {
    return this.#parts.flatMap((part) => (part.name !== undefined && part.ends ? [part.name] : []));
  }

  /** Returns the piece with these texts by name; `undefined` when it is as it came. */
  write(texts: ReadonlyMap<string, string>): string | undefined {
    this.#framed = this.#parts.length;
    const written = this.#parts.map((part) =>
      sourceOf(part, part.name === undefined ? undefined : texts.get(part.name)),
    );
    const changed = this.#uneven || written.some((source, index) => source !== this.#parts[index]?.source);
    return changed ? written.join('') : undefined;
  }

  /** Returns the source of a text, with what stands before it in the piece and was not returned before; `undefined` when it is not in it. */
  until(name: string, text: string): string | undefined {
    const index = this.#parts.findIndex((part) => part.name === name);
    if (index < this.#framed) return undefined;
    const marks = this.#parts.slice(this.#framed, index).filter((part) => part.name === undefined);
    this.#framed = index + 1;
    return marks.map(({ source }) => source).join('') + encodeJsonText(name, text);
  }
}

function sourceOf(part: JsonPart, text: string | undefined): string {
  if (part.name === undefined || text === undefined || text === part.text) return part.source;
  return encodeJsonText(part.name, text);
}
