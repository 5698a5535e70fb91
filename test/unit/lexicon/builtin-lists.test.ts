import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATEGORIES } from '../../../src/core/index.js';
import { loadLexicon, scanText } from '../../../src/lexicon/index.js';

const lexicon = loadLexicon({ lists: ['builtin'], baseDir: '.' });
const goldenDir = join(__dirname, '../../golden/innocent');
const innocent = readdirSync(goldenDir).map((file) => {
  const rows = JSON.parse(readFileSync(join(goldenDir, file), 'utf8')) as { kind: string; text: string }[];
  return [file.replace('.json', ''), rows] as const;
});

describe('built-in lists', () => {
  it.each(innocent)('pass every harmless neighbor of %s below the default flag severity', (_, rows) => {
    const wrong = rows.flatMap(({ text }) => {
      const hits = scanText(lexicon, text).filter(({ severity }) => severity >= 2);
      return hits.length === 0 ? [] : [{ text, entries: hits.map(({ termId }) => termId) }];
    });
    expect(wrong).toEqual([]);
  });

  it('are held against at least 300 harmless neighbors', () => {
    expect(innocent.flatMap(([, rows]) => rows).length).toBeGreaterThanOrEqual(300);
  });

  it('hold entries for all ten categories in English and Chinese', () => {
    const seen = new Set<string>();
    for (const entry of lexicon.entries) seen.add(entry.id.split('/').slice(0, 2).join('/'));
    for (const language of ['en', 'zh']) {
      for (const category of CATEGORIES) expect(seen).toContain(`${language}/${category}`);
    }
  });
});
