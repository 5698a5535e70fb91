/** What is known of the language of a conversation. */
export interface LanguageHints {
  /** What the user wrote last; empty when that is not known. */
  readonly text: string;
  /** The header `Accept-Language` of the request. */
  readonly acceptLanguage?: string | undefined;
}

/** Text that is looked at, UTF-16 units. */
const LOOKED_AT_UNITS = 2000;
/** Share of kana among Han and kana from which a text is taken for Japanese and not for Chinese. */
const LEAST_KANA_SHARE = 0.2;
/** A character of these scripts says as much as so many letters of an alphabet. */
const SYLLABLE_WEIGHT = 3;
/** Scripts that `Intl.Locale` names as one. */
const COMPOUND_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  Hans: ['Hani'],
  Hant: ['Hani'],
  Jpan: ['Hani', 'Hira', 'Kana'],
  Kore: ['Hang', 'Hani'],
};
const SYLLABIC = new Set(['Hani', 'Hira', 'Kana', 'Hang']);

/**
 * Returns the language of a conversation among some: those whose script the text is mostly in, of these the one that
 * `Accept-Language` prefers, else English, else the first. Never throws.
 * @param languages canonical language tags, at least one
 */
export function chooseLanguage(languages: readonly string[], { text, acceptLanguage }: LanguageHints): string {
  const shares = countScripts(text.slice(0, LOOKED_AT_UNITS), languages);
  const scored = languages.map((language) => ({ language, score: scoreOf(language, shares) }));
  const best = Math.max(...scored.map(({ score }) => score));
  const candidates = scored.filter(({ score }) => score === best).map(({ language }) => language);
  return preferred(candidates, acceptLanguage) ?? candidates.find(isEnglish) ?? candidates[0] ?? 'en';
}

function scoreOf(language: string, counts: ReadonlyMap<string, number>): number {
  const count = (script: string): number => counts.get(script) ?? 0;
  const kana = count('Hira') + count('Kana');
  const isJapanese = kana > 0 && kana / (kana + count('Hani')) >= LEAST_KANA_SHARE;
  const scripts = scriptsOf(language);
  // Han alone may be either; with enough kana between it is Japanese.
  if (isJapanese && scripts.includes('Hani') && !scripts.includes('Hira')) return 0;
  if (!isJapanese && scripts.includes('Hira')) return count('Hani');
  return scripts.reduce((sum, script) => sum + count(script), 0);
}

function countScripts(text: string, languages: readonly string[]): ReadonlyMap<string, number> {
  const scripts = new Set(['Hani', 'Hira', 'Kana', ...languages.flatMap(scriptsOf)]);
  return new Map(
    [...scripts].map((script) => {
      const found = text.match(lettersOf(script))?.length ?? 0;
      return [script, found * (SYLLABIC.has(script) ? SYLLABLE_WEIGHT : 1)];
    }),
  );
}

function lettersOf(script: string): RegExp {
  try {
    return new RegExp(`\\p{Script=${script}}`, 'gu');
  } catch {
    // A style of another script, which has no letters of its own in Unicode.
    return /(?!)/g;
  }
}

function scriptsOf(language: string): readonly string[] {
  const script = new Intl.Locale(language).maximize().script ?? 'Latn';
  return COMPOUND_SCRIPTS[script] ?? [script];
}

/** The candidate that the header ranks first; `undefined` when it names none. */
function preferred(candidates: readonly string[], acceptLanguage: string | undefined): string | undefined {
  const known = candidates.map((candidate) => ({ candidate, ...partsOf(candidate) }));
  const ranked = (acceptLanguage ?? '')
    .split(',')
    .map((item) => {
      const [tag = '', ...parameters] = item.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return { tag: tag.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => tag !== '' && quality > 0)
    .sort((left, right) => right.quality - left.quality);
  for (const { tag } of ranked) {
    const { language, script } = partsOf(tag);
    const found =
      known.find(({ candidate }) => candidate.toLowerCase() === tag) ??
      known.find((each) => each.language === language && each.script === script) ??
      known.find((each) => each.language === language);
    if (found !== undefined) return found.candidate;
  }
  return undefined;
}

/** Language and script of a tag: `zh` and `Hant` of `zh-TW`. */
function partsOf(tag: string): { readonly language: string; readonly script: string | undefined } {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return { language, script };
  } catch {
    // No tag, such as `*`: it prefers nothing.
    return { language: '', script: undefined };
  }
}

function isEnglish(language: string): boolean {
  return partsOf(language).language === 'en';
}
