import { CATEGORIES, DIRECTIONS, type Direction, type Verdict } from '../core/index.js';
import { type EvalRow, labelOf } from './eval-row.js';

/** Column of `any` violation, after those of the categories. */
export const ANY_COLUMN = CATEGORIES.length;
/** Columns of scores, labels and decisions: the categories, then `any`. */
export const COLUMNS = [...CATEGORIES, 'any'] as const;

/** A label that is not known. */
const UNKNOWN = -1;
const FLAG = 1;
const BLOCK = 2;

/** How one row was judged. */
export interface JudgedText {
  readonly row: EvalRow;
  readonly source: string;
  readonly direction: Direction;
  readonly verdict: Verdict;
  /** Highest score of each category, list matches that the policy lets pass included: what other thresholds would see. */
  readonly reach: Verdict['scores'];
  readonly micros: number;
}

/** Everything that figures are made from, and no text: about 200 bytes a row. */
export class EvalScores {
  #scores = new Float64Array(COLUMNS.length);
  #reaches = new Float64Array(COLUMNS.length);
  #labels = new Int8Array(COLUMNS.length);
  #decisions = new Uint8Array(COLUMNS.length);
  #micros = new Float32Array(1);
  /** Source, language and direction of each row, as numbers of their names. */
  #groups = new Uint32Array(3);
  readonly #names = { source: new Names(), language: new Names() };
  #length = 0;
  #failed = 0;

  /** Rows. */
  get length(): number {
    return this.#length;
  }

  /** Rows for which a detector could not run. */
  get failed(): number {
    return this.#failed;
  }

  add({ row, source, direction, verdict, reach, micros }: JudgedText): void {
    if (this.#length === this.#micros.length) this.#grow();
    const at = this.#length++;
    const from = at * COLUMNS.length;
    CATEGORIES.forEach((category, column) => {
      this.#scores[from + column] = verdict.scores[category];
      this.#reaches[from + column] = reach[category];
      this.#labels[from + column] = labelOf(row, category) ?? UNKNOWN;
    });
    this.#scores[from + ANY_COLUMN] = Math.max(...Object.values(verdict.scores));
    this.#reaches[from + ANY_COLUMN] = Math.max(...Object.values(reach));
    this.#labels[from + ANY_COLUMN] = row.any ?? UNKNOWN;
    for (const { category, action } of verdict.hits) {
      const column = from + CATEGORIES.indexOf(category);
      this.#decisions[column] = Math.max(this.#decisions[column] ?? 0, action === 'block' ? BLOCK : FLAG);
    }
    if (verdict.action !== 'allow') this.#decisions[from + ANY_COLUMN] = verdict.action === 'block' ? BLOCK : FLAG;
    if (verdict.failedDetectors.length > 0) this.#failed++;
    this.#micros[at] = micros;
    const { source: sources, language: languages } = this.#names;
    this.#groups.set([sources.numberOf(source), languages.numberOf(row.lang), DIRECTIONS.indexOf(direction)], at * 3);
  }

  score(row: number, column: number): number {
    return this.#scores[row * COLUMNS.length + column] ?? Number.NaN;
  }

  /** The highest threshold that would flag the row. */
  reach(row: number, column: number): number {
    return this.#reaches[row * COLUMNS.length + column] ?? Number.NaN;
  }

  /** 1, 0, or undefined where it is unknown. */
  label(row: number, column: number): 0 | 1 | undefined {
    const label = this.#labels[row * COLUMNS.length + column];
    return label === 0 || label === 1 ? label : undefined;
  }

  /** Whether the row violates nothing at all. */
  isBenign(row: number): boolean {
    return this.label(row, ANY_COLUMN) === 0;
  }

  /** Whether the policy did anything at all on account of the column. */
  isFlagged(row: number, column: number): boolean {
    return (this.#decisions[row * COLUMNS.length + column] ?? 0) >= FLAG;
  }

  isBlocked(row: number, column: number): boolean {
    return this.#decisions[row * COLUMNS.length + column] === BLOCK;
  }

  micros(row: number): number {
    return this.#micros[row] ?? Number.NaN;
  }

  direction(row: number): Direction {
    return DIRECTIONS[this.#groups[row * 3 + 2] ?? 0] ?? 'input';
  }

  /** Rows by source or by language, in the order of their names. */
  rowsBy(group: 'source' | 'language'): [name: string, rows: number[]][] {
    const rows = this.#names[group].all.map((): number[] => []);
    const offset = group === 'source' ? 0 : 1;
    for (let row = 0; row < this.#length; row++) rows[this.#groups[row * 3 + offset] ?? 0]?.push(row);
    return this.#names[group].all
      .map((name, at): [string, number[]] => [name, rows[at] ?? []])
      .sort(([left], [right]) => (left < right ? -1 : 1));
  }

  #grow(): void {
    const grown = <A extends { readonly length: number; set(from: A): void }>(
      from: A,
      Kind: new (length: number) => A,
    ): A => {
      const larger = new Kind(from.length * 2);
      larger.set(from);
      return larger;
    };
    this.#scores = grown(this.#scores, Float64Array);
    this.#reaches = grown(this.#reaches, Float64Array);
    this.#labels = grown(this.#labels, Int8Array);
    this.#decisions = grown(this.#decisions, Uint8Array);
    this.#micros = grown(this.#micros, Float32Array);
    this.#groups = grown(this.#groups, Uint32Array);
  }
}

class Names {
  readonly #numbers = new Map<string, number>();

  get all(): string[] {
    return [...this.#numbers.keys()];
  }

  numberOf(name: string): number {
    const number = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, number);
    return number;
  }
}
