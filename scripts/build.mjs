// Compiles src/ to dist/ and copies the one JSON file that the package publishes beside the code,
// and packs the built-in lists.
// `--if-missing` is for `npm install` from a git URL: a checkout without dist/ gets one, a packed tarball keeps its own.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
if (process.argv.includes('--if-missing') && existsSync(join(dist, 'cli.js'))) process.exit(0);

rmSync(dist, { recursive: true, force: true });
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const schema = join(root, 'src/config/schema.json');
if (existsSync(schema)) cpSync(schema, join(dist, 'config/schema.json'));
// Building the built-in lists takes seconds, reading what was built takes a fraction of one.
const { BUILTIN_PACK, packBuiltinLists } = createRequire(import.meta.url)(join(dist, 'lexicon/load-lexicon.js'));
writeFileSync(BUILTIN_PACK, packBuiltinLists());
const cli = join(dist, 'cli.js');
if (existsSync(cli)) chmodSync(cli, 0o755);
