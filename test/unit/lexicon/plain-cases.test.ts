import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Category, isCategory } from '../../../src/core/index.js';
import { loadLexicon, scanText } from '../../../src/lexicon/index.js';

interface PlainCase {
  readonly name: string;
  readonly text: string;
  readonly category: Category;
  readonly minSeverity: number;
}

const folder = join(__dirname, '../../golden/plain-cases');
const lexicon = loadLexicon({ lists: ['builtin'], baseDir: '.' });

/** Highest severity that the built-in lists find in `text` for `category`; 0 when none. */
function severityOf(text: string, category: Category): number {
  return scanText(lexicon, text)
    .filter((detection) => detection.category === category)
    .reduce((highest, { severity }) => Math.max(highest, severity), 0);
}

describe.each(readdirSync(folder).filter((file) => file.endsWith('.json')))('plain cases in %s', (file) => {
  const cases = JSON.parse(readFileSync(join(folder, file), 'utf8')) as PlainCase[];

  it('name a category, a severity that is flagged by default, and no sentence twice', () => {
    expect(cases.filter(({ category }) => !isCategory(category))).toEqual([]);
    expect(cases.filter(({ minSeverity }) => !(minSeverity >= 2 && minSeverity <= 4))).toEqual([]);
    expect(new Set(cases.map(({ text }) => text)).size).toBe(cases.length);
  });

  it.each(cases.map((plain) => [`${plain.category}: ${plain.name}`, plain] as const))('%s', (_, plain) => {
    expect(severityOf(plain.text, plain.category)).toBeGreaterThanOrEqual(plain.minSeverity);
  });
});
