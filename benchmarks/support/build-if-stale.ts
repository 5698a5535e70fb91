import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
/** What `dist/` is made of. */
const SOURCES = ['src', 'models/lexicon', 'scripts/build.mjs', 'tsconfig.json', 'tsconfig.build.json'];
/** Written last by the build. */
const BUILT = 'dist/lexicon/builtin.pack';

/**
 * Builds the package when a source is newer than what is built: benchmarks measure what users run.
 * What the build says goes to stderr, so that stdout holds measurements and nothing else.
 * @throws {Error} when the build fails
 */
export function buildIfStale(): void {
  const built = join(ROOT, BUILT);
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0;
  if (SOURCES.every((source) => newestMs(join(ROOT, source)) < builtAt)) return;
  console.error('building the package ...');
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the package does not build; run "npm run build"');
}

function newestMs(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
