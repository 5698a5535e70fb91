import { ConfigError } from '../../../src/core/index.js';
import { parseStoreUrl } from '../../../src/store/index.js';

describe('the setting store', () => {
  it.each([
    ['none', undefined],
    ['sqlite:./a.db', { kind: 'sqlite', path: './a.db' }],
    ['sqlite::memory:', { kind: 'sqlite', path: ':memory:' }],
    [
      'postgres://zorg:s3cret@db.example:6543/blat?sslmode=require&schema=mine',
      {
        kind: 'postgres',
        connectionString: 'postgres://zorg:s3cret@db.example:6543/blat?sslmode=require',
        schema: 'mine',
        options: '',
        label: 'postgres://zorg@db.example:6543/blat',
      },
    ],
    [
      'postgresql://db.example/blat?options=-c%20work_mem%3D1MB',
      {
        kind: 'postgres',
        connectionString: 'postgresql://db.example/blat',
        schema: 'sluice',
        options: '-c work_mem=1MB',
        label: 'postgres://db.example/blat',
      },
    ],
  ])('%s is read', (setting, url) => {
    expect(parseStoreUrl(setting)).toEqual(url);
  });

  it.each([
    ['a bad port', 'postgres://zorg:s3cret@db.example:99999999/blat'],
    ['a schema that would need quotes', 'postgres://zorg:s3cret@db.example/blat?schema=My-Schema'],
    ['a schema of the system', 'postgres://zorg:s3cret@db.example/blat?schema=pg_catalog'],
    ['another database', 'mysql://zorg:s3cret@db.example/blat'],
    ['no file', 'sqlite:'],
  ])('%s is refused without a word of the setting', (_, setting) => {
    expect(() => parseStoreUrl(setting)).toThrow(ConfigError);
    try {
      parseStoreUrl(setting);
    } catch (error) {
      expect(JSON.stringify(error) + (error as Error).message).not.toContain('s3cret');
    }
  });
});
