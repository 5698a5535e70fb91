// Writes src/config/schema.json from the zod schema; a test fails while the two differ.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../src/config/index.js';

const file = join(__dirname, '../src/config/schema.json');
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
