import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v8 from 'node:v8';
import { stagedPackage } from './support/staged-package.js';
import { TempFolder } from './support/temp-folder.js';

/** What `import ... from 'llm-sluice'` gives: a name that goes is a breaking change, a name that comes is a promise. */
const EXPORTS = [
  'ACTIONS',
  'CATEGORIES',
  'CATEGORY_INFO',
  'ConfigError',
  'DIRECTIONS',
  'DetectorError',
  'LexiconError',
  'ModelLoadError',
  'OverloadedError',
  'RequestBodyError',
  'RequestTargetError',
  'SluiceError',
  'StoreError',
  'StreamError',
  'UpstreamError',
  'createModerator',
  'sluice',
];

/** Node.js 20.13 and later. */
const queryObjects = (v8 as { queryObjects?: unknown }).queryObjects;

// The built-in lists are loaded anew by each process.
jest.setTimeout(120_000);

const folder = new TempFolder();
/** A project that has installed the packed package, its dependencies as this checkout has them. */
const project = join(folder.path, 'project');
const installed = join(project, 'node_modules/llm-sluice');

beforeAll(() => {
  const packing = join(folder.path, 'packing');
  cpSync(stagedPackage(), packing, { recursive: true, filter: (source) => !source.endsWith('node_modules') });
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder.path], { cwd: packing });
  rmSync(packing, { recursive: true });
  const tarball = readdirSync(folder.path).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder.path, tarball), '-C', installed, '--strip-components=1']);
  symlinkSync(join(__dirname, '../node_modules'), join(folder.path, 'node_modules'));
});

const run = (args: string[], input = '') =>
  spawnSync(process.execPath, args, { cwd: project, input, encoding: 'utf8' });
const printExports =
  'console.log(JSON.stringify(Object.keys(sluice).filter((name) => !/default|module|__/.test(name)).sort()))';

describe('the packed package', () => {
  it.each([
    ['ESM', ['--input-type=module', '-e', `import * as sluice from 'llm-sluice'; ${printExports}`]],
    ['CommonJS', ['-e', `const sluice = require('llm-sluice'); ${printExports}`]],
  ])('gives its exports to %s', (_name, args) => {
    const { stdout, stderr } = run(args);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(EXPORTS);
  });

  it('judges text with the lists and the model it ships', () => {
    const code =
      "import { createModerator } from 'llm-sluice'; console.log((await createModerator()).moderate('hello').action)";
    expect(run(['--input-type=module', '-e', code]).stdout).toBe('allow\n');
  });

  // An object that inherits from String.prototype, as `class extends String` makes one, slows every read of a string in the
  // process down four to five times in V8 11: no dependency may bring one.
  (queryObjects === undefined ? it.skip : it)('loads nothing that inherits from strings', () => {
    const code = "require('llm-sluice'); console.log(require('node:v8').queryObjects(String, { format: 'count' }))";
    expect(run(['-e', code]).stdout).toBe('0\n');
  });

  it('closes its inner modules and opens its schema', () => {
    const code = "try { require('llm-sluice/dist/compose.js') } catch (error) { console.log(error.code) }";
    expect(run(['-e', code]).stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
    expect(run(['-p', "require('llm-sluice/schema.json').type"]).stdout).toBe('object\n');
  });

  it('has types that resolve for both module systems', () => {
    const source =
      "import { type ConfigInput, createModerator, type Verdict } from 'llm-sluice';\nconst config: ConfigInput = { mode: 'shadow' };\nexport const verdict: Promise<Verdict> = createModerator(config).then((moderator) => moderator.moderate('hi', 'output'));\n";
    for (const name of ['esm.mts', 'cjs.cts']) writeFileSync(join(project, name), source);
    const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
    expect(run([tsc, ...options, 'esm.mts', 'cjs.cts']).stdout).toBe('');
  });

  it('runs from its bin', () => {
    const cli = join(installed, 'dist/cli.js');
    expect(run([cli, '--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { stdout, status } = run([cli, 'check', '--jsonl'], '{"id":1,"text":"hello"}\n');
    expect(stdout).toContain('{"id":1,"action":"allow"');
    expect(status).toBe(0);
  });

  it('holds no sources, tests or training data', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /(^|\/)(src|test|seed|train|scripts)(\/|$)/.test(name))).toEqual([]);
    expect(files.filter((name) => !name.includes('/')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'dist',
      'models',
      'package.json',
    ]);
  });
});
