import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema, parseConfig } from '../../../src/config/index.js';
import { ConfigError } from '../../../src/core/index.js';

const DETECTOR = { kind: 'openai-moderations', url: 'http://localhost/v1' };

function issuesOf(input: unknown): Record<string, string> {
  try {
    parseConfig(input, 'test.yaml');
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.issues.map((issue) => [issue.path, issue.message]));
    }
    throw error;
  }
  return {};
}

describe('parseConfig', () => {
  it('fills in every default, the safe side first', () => {
    const config = parseConfig({}, 'test.yaml');
    expect(config).toMatchObject({
      listen: '127.0.0.1:8080',
      mode: 'enforce',
      onDetectorError: 'block',
      lists: ['builtin'],
      classifier: { enabled: true, backend: 'auto' },
      limits: { maxBodyBytes: 10_485_760, maxJsonDepth: 64, maxJsonValues: 100_000 },
    });
    expect(parseConfig(null, 'empty.yaml')).toEqual(config);
  });

  it('reports all issues at once and names the nearest key', () => {
    const issues = issuesOf({
      upstrem: 'http://localhost',
      mode: 'loud',
      limits: { maxBodyByte: 5 },
      policies: { school: { output: { sexul: {}, crime: { block: 2 } } } },
      routes: [{ path: '/v1/**', polcy: 'school' }],
    });
    expect(issues['upstrem']).toContain("'upstream'");
    expect(issues['limits.maxBodyByte']).toContain("'maxBodyBytes'");
    expect(issues['policies.school.output.sexul']).toContain("'sexual'");
    expect(issues['routes[0].polcy']).toContain("'policy'");
    expect(Object.keys(issues)).toEqual(expect.arrayContaining(['mode', 'policies.school.output.crime.block']));
    expect(Object.keys(issues)).toHaveLength(6);
  });

  it('takes every form of a list', () => {
    const lists = [
      'builtin',
      { path: './words.txt', category: 'abusive', language: 'en', severity: 3, format: 'plain' },
      { inline: 'zorg', category: 'crime' },
    ];
    expect(parseConfig({ lists }, 'test.yaml').lists).toEqual(lists);
  });

  it.each<[string, unknown, Record<string, RegExp>]>([
    ['a misspelled key', { pth: 'a' }, { 'lists[0].path': /string/u, 'lists[0].pth': /did you mean 'path'/u }],
    ['an unknown category', { path: 'a', category: 'zorg' }, { 'lists[0].category': /abusive/u }],
    ['text without category', { inline: 'a' }, { 'lists[0].category': /abusive/u }],
    ['text and a format', { inline: 'a', category: 'crime', format: 'plain' }, { 'lists[0].format': /unknown key/u }],
    ['a number', 5, { 'lists[0]': /must be `builtin`, a path, or an object/u }],
  ])('says what is wrong with a list: %s', (_name, list, expected) => {
    const issues = issuesOf({ lists: [list] });
    expect(Object.keys(issues)).toEqual(Object.keys(expected));
    for (const [path, pattern] of Object.entries(expected)) expect(issues[path]).toMatch(pattern);
  });

  it('takes every form of a format', () => {
    const routes = [
      { path: '/a', format: 'ollama-chat' },
      { path: '/b', format: { request: 'text', response: 'text' } },
      { path: '/c', format: { request: ['a.b[].c', '["odd key"].*'], response: [], stream: ['[0].d'], end: '[DONE]' } },
    ];
    expect(parseConfig({ routes }, 'test.yaml').routes).toEqual(routes);
  });

  it.each<[string, unknown, Record<string, RegExp>]>([
    ['a misspelled name', 'ollama-chta', { 'routes[0].format': /must be the name of a format, or an object/u }],
    [
      'a side left out',
      { request: 'text' },
      { 'routes[0].format.response': /must be `text` or a list of field paths/u },
    ],
    ['another word than text', { request: 'json', response: [] }, { 'routes[0].format.request': /`text` or a list/u }],
    [
      'a path that is none',
      { request: ['a..b'], response: [] },
      { 'routes[0].format.request[0]': /a field path, such as/u },
    ],
    ['a misspelled key', { request: [], response: [], ende: 'x' }, { 'routes[0].format.ende': /did you mean 'end'/u }],
  ])('says what is wrong with a format: %s', (_name, format, expected) => {
    const issues = issuesOf({ routes: [{ path: '/', format }] });
    expect(Object.keys(issues)).toEqual(Object.keys(expected));
    for (const [path, pattern] of Object.entries(expected)) expect(issues[path]).toMatch(pattern);
  });

  it.each([
    ['an override that changes nothing', { lexicon: { override: [{ id: 'a' }] } }, 'lexicon.override[0]'],
    ['a port above 65535', { listen: 'localhost:70000' }, 'listen'],
    ['a listen address without port', { listen: 'localhost' }, 'listen'],
    ['an upstream of another protocol', { upstream: 'ftp://localhost' }, 'upstream'],
    ['a store of another kind', { store: 'floppy:a' }, 'store'],
    ['a remote detector of another kind', { detectors: [{ ...DETECTOR, kind: 'zorg' }] }, 'detectors[0].kind'],
    [
      'a remote detector of Outputs',
      { detectors: [{ ...DETECTOR, directions: ['output'] }] },
      'detectors[0].directions[0]',
    ],
    [
      'a remote detector without directions',
      { detectors: [{ ...DETECTOR, directions: [] }] },
      'detectors[0].directions',
    ],
    ['two remote detectors of one name', { detectors: [DETECTOR, DETECTOR] }, 'detectors[1].name'],
    [
      'a key of a service for no category',
      { detectors: [{ ...DETECTOR, categories: { a: 'b' } }] },
      'detectors[0].categories.a',
    ],
    ['a route to an unknown policy', { routes: [{ path: '/', policy: 'zorgblat' }] }, 'routes[0].policy'],
  ])('refuses %s', (_name, input, path) => {
    expect(Object.keys(issuesOf(input))).toEqual([path]);
  });
});

describe('schema.json', () => {
  it('is what the schema says (else run `npm run schema`)', () => {
    const file = join(__dirname, '../../../src/config/schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it('describes every field', () => {
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, ...rest } = node as Record<string, unknown>;
      for (const [key, child] of Object.entries((properties ?? {}) as Record<string, { description?: string }>)) {
        if (child.description === undefined) undescribed.push(`${path}.${key}`);
        visit(child, `${path}.${key}`);
      }
      for (const key of ['items', 'additionalProperties']) visit(rest[key], `${path}.${key}`);
      for (const branch of Array.isArray(rest['anyOf']) ? rest['anyOf'] : []) visit(branch, path);
    };
    visit(configJsonSchema(), '');
    expect(undescribed).toEqual([]);
  });
});
