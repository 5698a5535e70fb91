import { createHash } from 'node:crypto';
import type { ParsedList } from './entry.js';

/** Gives the entries of one list their ids. */
export class EntryIds {
  readonly #prefix: string;
  readonly #lines = new Map<string, number>();

  constructor({ language, category }: { readonly language: string; readonly category: string }) {
    this.#prefix = `${language}/${category}/`;
  }

  /**
   * Id of an entry: `own`, or one made from its term as it is written, and where another entry has that already, from the
   * whole of its `text`.
   * @throws {Error} when an entry of this list has the id `own`.
   */
  idFor({
    text,
    line,
    own,
  }: {
    readonly text: string;
    readonly line: number;
    readonly own?: string | undefined;
  }): string {
    const [term = ''] = text.split('|', 1);
    let id = own ?? this.#prefix + shortHash(term.trim());
    for (let salted = text; this.#lines.has(id); salted += '\n') {
      if (own !== undefined) throw new Error(`id "${own}" is that of the entry of line ${this.#lines.get(id)}`);
      id = this.#prefix + shortHash(salted);
    }
    this.#lines.set(id, line);
    return id;
  }
}

/** The lists with every id unique: an entry whose id an earlier list has too is numbered, as in `en/abusive/1f3a9c02-2`. */
export function withUniqueIds(lists: readonly ParsedList[]): ParsedList[] {
  const counts = new Map<string, number>();
  return lists.map((list) => ({
    ...list,
    entries: list.entries.map((entry) => {
      const count = (counts.get(entry.id) ?? 0) + 1;
      counts.set(entry.id, count);
      return count === 1 ? entry : { ...entry, id: `${entry.id}-${count}` };
    }),
  }));
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
