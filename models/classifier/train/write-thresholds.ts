import { writeFileSync } from 'node:fs';
import { CATEGORIES, DIRECTIONS, type Direction } from '../../../src/core/index.js';
import type { Thresholds } from './thresholds.js';

/** Writes the thresholds as the built-in defaults of the policy. */
export function writeThresholds(file: string, thresholds: Readonly<Record<Direction, Thresholds>>): void {
  const number = (value: number | undefined): string =>
    value === undefined || !Number.isFinite(value) ? 'Number.POSITIVE_INFINITY' : String(value);
  const lines = DIRECTIONS.flatMap((direction) => [
    `  ${direction}: {`,
    ...CATEGORIES.map((category, index) => {
      const { flag, block } = thresholds[direction];
      return `    ${category}: [${number(flag[index])}, ${number(block[index])}],`;
    }),
    '  },',
  ]);
  const text = `import type { Category, Direction } from '../core/index.js';

/** \`[flag, block]\` of every category. */
type Table = Readonly<Record<Category, readonly [number, number]>>;

/**
 * Default \`[flag, block]\` of the classifier's probabilities, written by \`npm run train\`: the same numbers stand in the metadata of the
 * shipped model. Chosen so that at most 2 % of benign dev rows of every kind are flagged and 0.2 % blocked.
 */
export const CLASSIFIER_THRESHOLDS: Readonly<Record<Direction, Table>> = {
${lines.join('\n')}
};
`;
  writeFileSync(file, text);
}
