import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { latestResults } from '../benchmarks/support/saved-result.js';
import { withBenchmarkTable } from '../scripts/benchmark-table.js';
import { withOptionsTable } from '../scripts/options-table.js';
import { configJsonSchema, parseConfig } from '../src/config/index.js';
import * as core from '../src/core/index.js';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

describe('README.md', () => {
  it('lists the options as the schema has them (else run `npm run docs`)', () => {
    expect(readme).toBe(withOptionsTable(readme, configJsonSchema()));
  });

  it('shows the benchmarks as their latest kept results have them (else run `npm run docs`)', () => {
    expect(readme).toBe(withBenchmarkTable(readme, latestResults()));
  });

  it('has a heading for every error code', () => {
    const source = readFileSync(join(__dirname, '../src/core/errors.ts'), 'utf8');
    const codes = [...source.matchAll(/'(ERR_SLUICE_\w+)'/g)].map((match) => match[1]);
    expect(codes.length).toBeGreaterThan(5);
    expect([...readme.matchAll(/^### (ERR_SLUICE_\w+)$/gm)].map((match) => match[1])).toEqual(codes);
  });

  it('shows configs that are valid', () => {
    const blocks = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) expect(() => parseConfig(parse(block), block)).not.toThrow();
  });

  it('names every category', () => {
    for (const category of core.CATEGORIES) expect(readme).toContain(`\`${category}\``);
  });
});
