/** Offset of the start state. */
export const ROOT = 0;
/** Numbers that one state takes in `Automaton.cells`. */
export const CELL = 4;
/** Place of the offset of the state that a state was reached from. */
export const PARENT = 0;
/** Place of the offset that a symbol is added to for the next state. */
export const BASE = 1;
/** Place of the offset of the longest proper suffix that is a state too. */
export const FAIL = 2;
/** Place of the first output, plus one; 0 when nothing ends at the state. */
export const OUTPUT = 3;
/** `PARENT` of a state that does not exist. */
export const FREE = -1;
