// Writes the tables of README.md: the options from the zod schema, the benchmarks from their kept results; a test fails while they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { latestResults } from '../benchmarks/support/saved-result.js';
import { configJsonSchema } from '../src/config/index.js';
import { withBenchmarkTable } from './benchmark-table.js';
import { withOptionsTable } from './options-table.js';

const file = join(__dirname, '../README.md');
const readme = withOptionsTable(readFileSync(file, 'utf8'), configJsonSchema());
writeFileSync(file, withBenchmarkTable(readme, latestResults()));
