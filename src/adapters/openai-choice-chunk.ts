import { asEventObject } from './event-data.js';
import { asArray, isJsonObject, type JsonObject } from './json.js';
import { JsonPiece } from './json-piece.js';
import type { JsonTextReader } from './json-text-reader.js';
import { unknownFields } from './known-keys.js';
import { type OddText, standsAtPath } from './odd-runs.js';
import { answerAt, ENVELOPE_KEYS } from './openai-choice-frames.js';
import type { ChoiceDialect } from './openai-dialect.js';
import { readTextSlots, type TextSlot } from './text-slots.js';

/** A string of a chunk that is a piece of a run of text. */
export interface RunSlot {
  readonly slot: TextSlot;
  /** Position in `choices`. */
  readonly position: number;
  /** The run, which is the channel unless it is JSON source. */
  readonly run: string;
  /** The piece of JSON source that it is, whose texts are channels named after the run. */
  readonly piece: JsonPiece | undefined;
}

/** A string of a chunk that stands alone. */
export interface AloneSlot {
  readonly slot: TextSlot;
  /** The answer that it is part of, if it is part of one. */
  readonly answer: string | undefined;
}

/** What a chunk is read with. */
export interface ChoiceChunkOptions {
  readonly dialect: ChoiceDialect;
  /** Returns the reader of the JSON source of a run, from the earlier chunks. */
  readonly readerOf: (run: string) => JsonTextReader;
  /** Whether the chunk before said the same beside its choices. */
  readonly isRepeated: (slot: Pick<TextSlot, 'path' | 'text'>) => boolean;
}

interface OwnChoice {
  readonly choice: JsonObject;
  readonly position: number;
  readonly answer: string;
}

/** One event of a stream of choices, a chunk or whatever came in place of one: its texts, found once and used for reading and for writing alike. */
export class ChoiceChunk {
  readonly value: JsonObject;
  /** Whether the data is no object, and stands in `value` under a key of ours. */
  readonly bare: boolean;
  readonly runs: readonly RunSlot[];
  readonly alone: readonly AloneSlot[];
  readonly odd: readonly OddText[];
  readonly #dialect: ChoiceDialect;
  readonly #choices: readonly OwnChoice[];
  #names: ReadonlyMap<string, string> | undefined;

  constructor(data: unknown, { dialect, readerOf, isRepeated }: ChoiceChunkOptions) {
    const value = asEventObject(data);
    this.value = value;
    this.bare = value !== data;
    this.#dialect = dialect;
    this.#choices = asArray(value['choices']).flatMap((choice, position) =>
      isJsonObject(choice) ? [{ choice, position, answer: answerAt(choice, position) }] : [],
    );
    const runs: RunSlot[] = [];
    const alone: AloneSlot[] = [];
    const odd: OddText[] = [];
    for (const slot of readTextSlots(value, { rules: dialect.rules, inPieces: true })) {
      const own = this.#choices.find(({ position }) => slot.path.startsWith(`choices[${position}].`));
      const inner = slot.path.slice(slot.path.indexOf('].') + 2);
      const run = own === undefined ? undefined : dialect.runOf(inner, own.choice);
      if (own !== undefined && run !== undefined) {
        const name = `${own.answer}.${run.name}`;
        const piece = run.isJson === true ? new JsonPiece(readerOf(name), slot.text) : undefined;
        runs.push({ slot, position: own.position, run: name, piece });
      } else if (this.#standsAlone(slot, own === undefined ? undefined : inner) || isRepeated(slot)) {
        alone.push({ slot, answer: own?.answer });
      } else odd.push({ slot, channel: own === undefined ? slot.path : `${own.answer}.${inner}` });
    }
    this.runs = runs;
    this.alone = alone;
    this.odd = odd;
  }

  /** Whether it is an event of some other format. */
  get isForeign(): boolean {
    return !this.isError && !Array.isArray(this.value['choices']);
  }

  /** The answers that it carries a part of. */
  get answers(): readonly string[] {
    return this.#choices.map(({ answer }) => answer);
  }

  /** The answers that end with it, and the texts of JSON source that do. */
  get ends(): readonly string[] {
    const finished = this.#choices.flatMap(({ choice, answer }) => (isFinish(choice['finish_reason']) ? [answer] : []));
    const closed = this.runs.flatMap(({ run, piece }) => piece?.ends.map((name) => run + name) ?? []);
    return [...finished, ...closed];
  }

  /** Whether it tells an error. */
  get isError(): boolean {
    return this.value['error'] !== undefined && this.value['error'] !== null;
  }

  /** The name that a place in the value has in paths and channels. */
  placeOf(path: string): string {
    this.#names ??= new Map([
      ...this.runs.map(({ slot, run }) => [slot.path, run] as const),
      ...this.odd.map(({ slot, channel }) => [slot.path, channel] as const),
      ...this.alone.map(({ slot }) => [slot.path, slot.path] as const),
    ]);
    const own = this.#choices.find(({ position }) => path.startsWith(`choices[${position}].`));
    return this.#names.get(path) ?? (own === undefined ? path : own.answer + path.slice(path.indexOf('].') + 1));
  }

  /** Whether a text comes whole; `inner` is where it stands in its choice. */
  #standsAlone(slot: TextSlot, inner: string | undefined): boolean {
    return this.#comesWhole(slot, inner) || !standsAtPath(this.value, slot);
  }

  #comesWhole(slot: TextSlot, inner: string | undefined): boolean {
    if (inner !== undefined) return this.#dialect.standsAlone(inner);
    if (this.isForeign) return ENVELOPE_KEYS.includes(slot.path);
    return this.isError || unknownFields(this.#dialect.name, [slot]).length === 0;
  }

  /** Positions of the choices that it carries. */
  get positions(): readonly number[] {
    return this.#choices.map(({ position }) => position);
  }
}

/** Some backends say `""` or `"null"` on every chunk but the last. */
function isFinish(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'null';
}
