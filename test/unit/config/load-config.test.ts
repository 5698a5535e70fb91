import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/load-config.js';

describe('loadConfig', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (text: string): string => {
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, text);
    return file;
  };

  it('reads YAML', () => {
    const config = loadConfig(write('mode: shadow\npolicies:\n  school: { severityScores: { 1: 0.8 } }\n'));
    expect(config.mode).toBe('shadow');
    expect(config.policies['school']?.severityScores).toEqual({ 1: 0.8 });
  });

  it('takes an empty file for the defaults', () => {
    expect(loadConfig(write('')).mode).toBe('enforce');
  });

  it.each([
    ['broken YAML', 'mode: shadow\nlists: [a\nstore: none\n', /sluice\.yaml:\d+: /],
    ['a key given twice', 'mode: shadow\nmode: enforce\n', /sluice\.yaml:2: /],
    ['an alias without anchor', 'lists: *zorgblat\n', /sluice\.yaml/],
    ['an invalid config', 'moode: shadow\n', /sluice\.yaml: 1 problem\n.*'mode'/],
  ])('names the file for %s', (_name, text, message) => {
    const file = write(text);
    expect(() => loadConfig(file)).toThrow(expect.objectContaining({ code: 'ERR_SLUICE_CONFIG' }));
    expect(() => loadConfig(file)).toThrow(message);
  });

  it('names a missing file', () => {
    expect(() => loadConfig(join(folder, 'zorgblat.yaml'))).toThrow(/zorgblat\.yaml.*\n.*does not exist/);
  });
});
