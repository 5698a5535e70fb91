/** The two directions of traffic: `input` goes to the model, `output` comes from it. */
export const DIRECTIONS = ['input', 'output'] as const;

/** Where a text travels: to the model (`input`) or from it (`output`). */
export type Direction = (typeof DIRECTIONS)[number];
