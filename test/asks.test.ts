import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Complaints about comparable systems that concern streaming, the wire shape of a block, and coverage. */
const LINES = [...range(1, 27), ...range(40, 47)];

/** Numbers that tests name: `asks 3, 7: ...`, and rows `['45: ...'` of a table whose name is `asks %s`. */
function namedIn(source: string): number[] {
  const rows = /asks %s/.test(source) ? [...source.matchAll(/\[\s*'(\d+(?:, \d+)*): /g)] : [];
  return [...source.matchAll(/asks (\d+(?:, \d+)*)/g), ...rows].flatMap(([, list = '']) =>
    list.split(', ').map(Number),
  );
}

it('every complaint about streaming, blocks and coverage has a test that names it', () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.ts'),
  );
  const sources = files
    .filter((file) => file !== 'asks.test.ts')
    .map((file) => readFileSync(join(__dirname, file), 'utf8'));
  const named = new Set(sources.flatMap(namedIn));
  expect(LINES.filter((line) => !named.has(line))).toEqual([]);
});

it('a number is told from what only looks like one', () => {
  expect(namedIn("it('asks 3, 17: x'); it.each([['45: a part'], ['9 lives']])('asks %s is screened')")).toEqual([
    3, 17, 45,
  ]);
  expect(namedIn("it.each([['45: a part']])('is screened: %s')")).toEqual([]);
});
