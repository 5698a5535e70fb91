import { asArray, isJsonObject, type JsonObject } from './json.js';
import { JsonPiece } from './json-piece.js';
import type { JsonTextReader } from './json-text-reader.js';
import { answerAt } from './openai-choice-frames.js';
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

/** One chunk of a stream of choices: its texts, found once and used for reading and for writing alike. */
export class ChoiceChunk {
  readonly value: JsonObject;
  readonly runs: readonly RunSlot[];
  readonly alone: readonly AloneSlot[];
  readonly #choices: readonly { readonly choice: JsonObject; readonly position: number; readonly answer: string }[];

  /** @param readerOf returns the reader of the JSON source of a run, from the earlier chunks */
  constructor(value: JsonObject, dialect: ChoiceDialect, readerOf: (run: string) => JsonTextReader) {
    this.value = value;
    this.#choices = asArray(value['choices']).flatMap((choice, position) =>
      isJsonObject(choice) ? [{ choice, position, answer: answerAt(choice, position) }] : [],
    );
    const runs: RunSlot[] = [];
    const alone: AloneSlot[] = [];
    for (const slot of readTextSlots(value, { rules: dialect.rules, inPieces: true })) {
      const own = this.#choices.find(({ position }) => slot.path.startsWith(`choices[${position}].`));
      const run =
        own === undefined ? undefined : dialect.runOf(slot.path.slice(slot.path.indexOf('].') + 2), own.choice);
      if (own === undefined || run === undefined) alone.push({ slot, answer: own?.answer });
      else {
        const name = `${own.answer}.${run.name}`;
        const piece = run.isJson === true ? new JsonPiece(readerOf(name), slot.text) : undefined;
        runs.push({ slot, position: own.position, run: name, piece });
      }
    }
    this.runs = runs;
    this.alone = alone;
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

  /** Positions of the choices that it carries. */
  get positions(): readonly number[] {
    return this.#choices.map(({ position }) => position);
  }
}

/** Some backends say `""` or `"null"` on every chunk but the last. */
function isFinish(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'null';
}
