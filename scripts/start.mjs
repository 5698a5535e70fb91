// Builds and serves: what `npm start` does. One process and no shell, so that signals reach the proxy itself.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('build.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [build], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
process.argv.splice(2, 0, 'serve');
createRequire(import.meta.url)('../dist/cli.js');
