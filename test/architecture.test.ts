import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Folders of `src`, lowest layer first; files directly in `src`, and the commands, stand above them all. A file imports from its own folder or from a lower layer. */
const LAYERS = [
  ['core'],
  ['config'],
  ['text', 'framing', 'privacy'],
  ['lexicon', 'features', 'classifier', 'policy'],
  ['moderator', 'adapters', 'store', 'limits'],
  ['http'],
  ['workers'],
];
const TOP = LAYERS.length;

/** Packages that only some files may import, each with its reason in the design: one place per kind of I/O. */
const CONTAINED: readonly { readonly packages: RegExp; readonly allowed: (file: string) => boolean }[] = [
  { packages: /^(express|undici|node:https?)$/u, allowed: (file) => file.startsWith('http/') },
  {
    packages: /^(node:)?fs(\/promises)?$/u,
    allowed: (file) => file.startsWith('store/') || /^(?:load|save)-.*\.ts$/u.test(posix.basename(file)),
  },
  { packages: /^(better-sqlite3|pg)$/u, allowed: (file) => file.startsWith('store/') },
  { packages: /^(ioredis|bottleneck|rate-limiter-flexible)$/u, allowed: (file) => file.startsWith('limits/') },
  { packages: /^@tensorflow\//u, allowed: (file) => file.startsWith('classifier/') },
];

const SRC = join(__dirname, '..', 'src');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const sources = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));

function importsOf(source: string): string[] {
  const pattern =
    /^(?:import|export)\s(?:[^;'"]*?\sfrom\s)?['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]/gmu;
  return [...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}

function unitOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/u, '');
}

function layerOf(file: string): number {
  if (!file.includes('/') || unitOf(file) === 'commands') return TOP;
  return LAYERS.findIndex((layer) => layer.includes(unitOf(file)));
}

function localTarget(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/u, '.ts');
}

function problemsOf(file: string, source: string): string[] {
  return importsOf(source).flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      return CONTAINED.filter(({ packages, allowed }) => packages.test(specifier) && !allowed(file)).map(
        () => `${specifier} is not allowed here`,
      );
    }
    const target = localTarget(file, specifier);
    if (target.endsWith('.json')) return [];
    const sameUnit = unitOf(file) === unitOf(target);
    const bothOnTop = layerOf(file) === TOP && layerOf(target) === TOP;
    if (sameUnit || bothOnTop) return [];
    const problems: string[] = [];
    if (layerOf(target) < 0 || layerOf(target) >= layerOf(file)) problems.push(`${specifier} is not a lower layer`);
    if (target.includes('/') && target !== `${unitOf(target)}/index.ts`)
      problems.push(`${specifier} enters a folder past its index.ts`);
    return problems;
  });
}

describe('src', () => {
  it.each(files)('%s stands on a known layer and imports by the rules', (file) => {
    expect(layerOf(file)).toBeGreaterThanOrEqual(0);
    expect(problemsOf(file, sources.get(file) ?? '')).toEqual([]);
  });

  it.each(files.filter((file) => file.endsWith('/index.ts')))('%s holds re-exports only', (file) => {
    const bare = (sources.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gmu, '');
    expect(bare.replace(/export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s+from\s+'[^']+';/gu, '').trim()).toBe('');
  });

  it.each(files)('%s documents every export and has no default export', (file) => {
    const lines = (sources.get(file) ?? '').split('\n');
    const undocumented = lines.filter((line, index) => {
      if (/^export default\b/u.test(line)) return true;
      if (!/^export (?:declare |abstract |async )*(?:class|const|function|interface|type|let)\b/u.test(line))
        return false;
      if (/^export type \{/u.test(line)) return false;
      const before = lines[index - 1] ?? '';
      const isOverload = /^export (?:async )?function\b.*;$/u.test(before);
      return !before.trimEnd().endsWith('*/') && !isOverload;
    });
    expect(undocumented).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['a higher layer', 'core/zorg.ts', "import { x } from '../http/index.js';"],
    ['a folder of the same layer', 'lexicon/zorg.ts', "import { x } from '../policy/index.js';"],
    ['past the index', 'policy/zorg.ts', "import type { x } from '../core/span.js';"],
    ['a contained package', 'moderator/zorg.ts', "import { readFileSync } from 'node:fs';"],
  ])('refuse %s', (_, file, source) => {
    expect(problemsOf(file, source)).not.toEqual([]);
  });
});
