import type { Automaton } from './automaton.js';
import type { PatternSet } from './pattern-set.js';

/** The outputs of an automaton, sorted into condition phrases, which are only noted, and others, which are read back at once. */
export class OutputChains {
  /** Pattern of an output, as in the automaton. */
  readonly pattern: Int32Array;
  /** Next output of the same state plus one, 0 at the end, as in the automaton. */
  readonly next: Int32Array;
  /** Per pattern the number of its condition phrase, -1 for a pattern of another use. */
  readonly conditions: Int32Array;
  /** Per output plus one, the first from it on that is no condition phrase, plus one; 0 when there is none. */
  readonly firstOther: Int32Array;
  /** Per output plus one, whether it or one behind it is a condition phrase. */
  readonly hasCondition: Uint8Array;
  readonly #patterns: PatternSet;

  /** O(outputs). */
  constructor({ outputPattern, outputNext }: Automaton, patterns: PatternSet) {
    this.pattern = outputPattern;
    this.next = outputNext;
    this.conditions = patterns.conditionNumbers;
    this.#patterns = patterns;
    this.firstOther = new Int32Array(outputPattern.length + 1);
    this.hasCondition = new Uint8Array(outputPattern.length + 1);
    // An output stands behind those that it goes on to.
    for (let output = 1; output <= outputPattern.length; output += 1) {
      const next = outputNext[output - 1] ?? 0;
      const isCondition = (this.conditions[outputPattern[output - 1] ?? 0] ?? -1) >= 0;
      this.firstOther[output] = isCondition ? (this.firstOther[next] ?? 0) : output;
      this.hasCondition[output] = isCondition ? 1 : (this.hasCondition[next] ?? 0);
    }
  }

  /** Whether the last letter of a pattern is a kana with a sound mark, which may stand as a character of its own. */
  endsInMark(pattern: number): boolean {
    return this.#patterns.endsInMark(pattern);
  }
}
