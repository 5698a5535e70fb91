import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillingsOf, hashText, parseTemplateFile } from '../../../models/classifier/train/seed-grammar.js';

/** The part a pair is measured in: `test` holds themes and `dev` templates that `train` has none of. */
export const PARTS = ['train', 'dev', 'test'] as const;

/** One of the three parts. */
export type Part = (typeof PARTS)[number];

/** Two sentences of the same words, one harmful and one harmless. */
export interface ContrastPair {
  readonly lang: string;
  readonly theme: string;
  readonly template: string;
  readonly part: Part;
  readonly role: 'input' | 'output' | 'comment';
  readonly harmful: string;
  readonly harmless: string;
}

const ROLES = ['input', 'output', 'comment'] as const;
/** One theme in this many, and one template in this many of the other themes, is held out. */
const HELD_OUT = 3;
/** Chosen once so that the held-out themes mix kinds (negation, news, code, persona); no score was looked at. */
const SALT = 17;

/** Themes are hashed without the language, so that a theme is unseen in every language or in none. */
function partOf(theme: string, template: string): Part {
  if (hashText(`theme ${SALT} ${theme}`) % HELD_OUT === 0) return 'test';
  return hashText(`template ${template}`) % HELD_OUT === 0 ? 'dev' : 'train';
}

/**
 * Every pair of the template files of a folder, in file order; deterministic. A line reads `harmful => harmless`; both sides share fillers.
 * @throws {Error} for a line without `=>`, an unknown role or a slot without fillers, with file and line.
 */
export function readContrastPairs(dir: string = __dirname): readonly ContrastPair[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) => {
      const lang = name.replace(/\.txt$/u, '');
      const { slots, templates } = parseTemplateFile(readFileSync(join(dir, name), 'utf8'), name);
      return templates.flatMap(({ header: [theme = '', roleName], text, line }) => {
        const where = `${name}:${line}`;
        const sides = text.split(' => ');
        const role = ROLES.find((candidate) => candidate === roleName);
        if (sides.length !== 2) throw new Error(`${where}: write harmful => harmless`);
        if (role === undefined) throw new Error(`${where}: the header needs a theme and a role (${ROLES.join(', ')})`);
        const template = `${lang}:${hashText(text).toString(16).padStart(8, '0')}`;
        return fillingsOf(text, slots, where).map((filling) => {
          const [harmful = '', harmless = ''] = filling(text).split(' => ');
          return { lang, theme, template, part: partOf(theme, template), role, harmful, harmless };
        });
      });
    });
}
