// Writes the options table of README.md from the zod schema; a test fails while the two differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../src/config/index.js';
import { withOptionsTable } from './options-table.js';

const file = join(__dirname, '../README.md');
writeFileSync(file, withOptionsTable(readFileSync(file, 'utf8'), configJsonSchema()));
