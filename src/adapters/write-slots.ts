import type { TextEdit } from '../core/index.js';

/** A place in a body that can be written; see `TextSlot`. */
export interface WritableSlot {
  readonly path: string;
  readonly text: string;
  readonly write: (text: string) => void;
}

/** Where the texts of a body stand, and what is due where one was replaced. */
export interface WriteSlotsOptions<Slot extends WritableSlot> {
  readonly slotsOf: (body: unknown) => Iterable<Slot>;
  /** Called for every slot that was written, with the copy it stands in and the new text. */
  readonly afterWrite?: (slot: Slot, body: unknown, text: string) => void;
}

/** Returns a copy of a body with the texts at the paths of the edits replaced: `Adapter.writeTexts` of a format that finds its texts as slots. */
export function writeSlots<Slot extends WritableSlot>(
  body: unknown,
  edits: readonly TextEdit[],
  { slotsOf, afterWrite }: WriteSlotsOptions<Slot>,
): unknown {
  const copy: unknown = structuredClone(body);
  if (edits.length === 0) return copy;
  const texts = new Map(edits.map(({ path, text }) => [path, text]));
  for (const slot of slotsOf(copy)) {
    const text = texts.get(slot.path);
    if (text === undefined) continue;
    slot.write(text);
    afterWrite?.(slot, copy, text);
  }
  return copy;
}
