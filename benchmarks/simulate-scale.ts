// `npx tsx benchmarks/simulate-scale.ts [inputs.json]`: the tables of SCALE.md for other inputs; `--write` puts those of the kept inputs there.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceBetween } from '../scripts/replace-between.js';
import type { ScaleInputs } from './scale/inputs.js';
import { scaleTables } from './scale/scale-tables.js';

const PAGE = join(__dirname, 'SCALE.md');
const args = process.argv.slice(2);
const [file = join(__dirname, 'scale/inputs.json')] = args.filter((argument) => argument !== '--write');
const tables = scaleTables(JSON.parse(readFileSync(file, 'utf8')) as ScaleInputs);
if (args.includes('--write')) {
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(
    PAGE,
    replaceBetween(page, { begin: '<!-- tables -->', end: '<!-- end of tables -->', content: tables }),
  );
} else {
  console.log(tables);
}
