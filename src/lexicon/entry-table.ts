import { CATEGORY_INDEX } from '../core/index.js';
import type { LexiconEntry } from './entry.js';
import { type TextPool, textAt } from './text-pool.js';

const SEVERITIES = 4;

/** Entries as JSON, for another thread or process to take over. */
export interface PackedEntries extends TextPool {
  /** `kindOf` each entry. */
  readonly kinds: Uint8Array;
}

/** Entries by number. An entry becomes an object when it is first asked for: most never are needed. */
export class EntryTable {
  readonly #made: (LexiconEntry | undefined)[];
  readonly #packed: PackedEntries | undefined;
  readonly #make: ((json: string) => LexiconEntry) | undefined;

  private constructor(
    made: (LexiconEntry | undefined)[],
    packed?: PackedEntries,
    make?: (json: string) => LexiconEntry,
  ) {
    this.#made = made;
    this.#packed = packed;
    this.#make = make;
  }

  /** A table of entries. */
  static of(entries: readonly LexiconEntry[]): EntryTable {
    return new EntryTable([...entries]);
  }

  /** A table of packed entries, which `make` makes of their JSON. */
  static unpack(packed: PackedEntries, make: (json: string) => LexiconEntry): EntryTable {
    return new EntryTable(new Array(packed.kinds.length), packed, make);
  }

  /** Number of entries. */
  get length(): number {
    return this.#made.length;
  }

  /** The entry of that number. */
  at(number: number): LexiconEntry | undefined {
    const known = this.#made[number];
    if (known !== undefined || this.#packed === undefined || number >= this.length) return known;
    const made = this.#make?.(textAt(this.#packed, number));
    this.#made[number] = made;
    return made;
  }

  /** Every entry. */
  get all(): readonly LexiconEntry[] {
    return Array.from({ length: this.length }, (_, number) => this.at(number)).filter((entry) => entry !== undefined);
  }

  /** `kindOf` the entry of that number, which is not made for it. */
  kind(number: number): number {
    const known = this.#packed?.kinds[number];
    if (known !== undefined) return known;
    const entry = this.#made[number];
    return entry === undefined ? 0 : kindOf(entry);
  }
}

/** Category and severity as one number. */
export function kindOf({ category, severity }: Pick<LexiconEntry, 'category' | 'severity'>): number {
  return CATEGORY_INDEX[category] * SEVERITIES + severity - 1;
}
