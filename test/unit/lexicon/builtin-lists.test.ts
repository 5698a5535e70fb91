import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATEGORIES } from '../../../src/core/index.js';
import { loadLexicon, scanText } from '../../../src/lexicon/index.js';

const lexicon = loadLexicon({ lists: ['builtin'], baseDir: '.' });
const innocent = JSON.parse(readFileSync(join(__dirname, '../../golden/innocent.json'), 'utf8')) as {
  lang: string;
  kind: string;
  text: string;
}[];

describe('built-in lists', () => {
  it('pass every harmless neighbor below the default flag severity', () => {
    expect(innocent.length).toBeGreaterThanOrEqual(300);
    const wrong = innocent.filter(({ text }) => scanText(lexicon, text).some(({ severity }) => severity >= 2));
    expect(wrong).toEqual([]);
  });

  it('hold entries for all ten categories in English and Chinese', () => {
    const seen = new Set<string>();
    for (const { use } of lexicon.patterns) {
      if (use.kind === 'deny') seen.add(use.entry.id.split('/').slice(0, 2).join('/'));
    }
    for (const language of ['en', 'zh']) {
      for (const category of CATEGORIES) expect(seen).toContain(`${language}/${category}`);
    }
  });
});
