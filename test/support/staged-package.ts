import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const COPIED = [
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'NOTICE',
  'models/demo',
  'models/lexicon',
  'models/classifier',
];
const LEFT_OUT = /[\\/]classifier[\\/](?:seed|train)$/;

/**
 * Returns a folder with the package as it would be published, built from the sources as they are now. It is named after their hash, so that
 * test files and runs share one build.
 */
export function stagedPackage(): string {
  staged ??= stage();
  return staged;
}

let staged: string | undefined;

function stage(): string {
  const folder = join(tmpdir(), `sluice-staged-${sourceHash()}`);
  if (existsSync(folder)) return folder;
  const fresh = mkdtempSync(join(tmpdir(), 'sluice-staging-'));
  const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc');
  const args = [tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(fresh, 'dist')];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`build failed: ${stdout}`);
  cpSync(join(ROOT, 'src/config/schema.json'), join(fresh, 'dist/config/schema.json'));
  mkdirSync(join(fresh, 'models'));
  for (const name of COPIED) {
    cpSync(join(ROOT, name), join(fresh, name), { recursive: true, filter: (source) => !LEFT_OUT.test(source) });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(fresh, 'node_modules'));
  try {
    renameSync(fresh, folder);
  } catch {
    // Another test process was faster.
    rmSync(fresh, { recursive: true });
  }
  return folder;
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const top of ['src', ...COPIED]) {
    const path = join(ROOT, top);
    const names = /\.|LICENSE|NOTICE/.test(top)
      ? ['']
      : readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names) {
      const file = join(path, name);
      if (LEFT_OUT.test(file) || /[\\/](?:seed|train)[\\/]/.test(file)) continue;
      hash.update(file);
      try {
        hash.update(readFileSync(file));
      } catch {
        // A folder.
      }
    }
  }
  return hash.digest('hex').slice(0, 16);
}
