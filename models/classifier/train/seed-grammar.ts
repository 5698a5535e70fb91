/** Most sentences that one template may give: variety has to come from templates, not from fillers. */
export const MAX_EXPANSIONS = 10;

/** Fillers by slot name: `<drug>` in a template stands for one of `slots.get('drug')`. */
export type Slots = ReadonlyMap<string, readonly string[]>;

/** One line of a template file. */
export interface TemplateLine {
  /** The words of the section header above the line. */
  readonly header: readonly string[];
  /** The line itself, slots and alternatives unexpanded. */
  readonly text: string;
  readonly line: number;
}

/** What a template file holds: its own fillers over the inherited ones, and its templates in file order. */
export interface TemplateFile {
  readonly slots: Slots;
  readonly templates: readonly TemplateLine[];
}

/** The text that decides whether two sentences are the same: NFKC, lower case, letters and digits only. */
export function foldForComparison(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** A 32-bit hash (FNV-1a) of `text`; the same on every machine. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * The templates of one file. `# note`, `$slot: a | b` (fillers), `[words]` (header of the lines below it), `> how to _` (frame put
 * around the lines below it, until the next header or frame), anything else is a template.
 * @throws {Error} for a template without a header or a slot defined twice, with file and line.
 */
export function parseTemplateFile(content: string, file: string, inherited: Slots = new Map()): TemplateFile {
  const slots = new Map(inherited);
  const own = new Set<string>();
  const templates: TemplateLine[] = [];
  let header: readonly string[] | undefined;
  let frame = '_';
  content.split('\n').forEach((raw, index) => {
    const text = raw.trim();
    const line = index + 1;
    if (text === '' || text.startsWith('#')) return;
    const slot = /^\$(\w+):(.*)$/u.exec(text);
    const section = /^\[([^\]]+)\]$/u.exec(text);
    if (slot !== null) {
      const [, name = '', fillers = ''] = slot;
      if (own.has(name))
        throw new Error(`${file}:${line}: slot ${name} is defined twice; give one of them another name`);
      own.add(name);
      slots.set(
        name,
        fillers.split('|').map((filler) => filler.trim()),
      );
    } else if (section !== null) {
      header = (section[1] ?? '').split(/\s+/u);
      frame = '_';
    } else if (text.startsWith('> ')) {
      frame = text.slice(2).trim();
      if (!frame.includes('_')) throw new Error(`${file}:${line}: a frame needs a _ where the line goes`);
    } else {
      if (header === undefined)
        throw new Error(`${file}:${line}: template before the first [header]; add one above it`);
      templates.push({ header, text: frame.replace('_', () => text).replace(/\\([{}])/gu, hideBrace), line });
    }
  });
  return { slots, templates };
}

/** Private-use stand-ins for the escaped braces of code, put back when a sentence is filled. */
const BRACES = ['\ue000', '\ue001'] as const;
const hideBrace = (_escaped: string, brace: string): string => BRACES[brace === '{' ? 0 : 1];

interface Pieces {
  /** Text before, between and after the choices; one longer than `choices`. */
  readonly fixed: readonly string[];
  readonly choices: readonly { readonly key: string; readonly options: readonly string[] }[];
}

function split(template: string, slots: Slots, where: string): Pieces {
  const fixed: string[] = [];
  const choices: { key: string; options: readonly string[] }[] = [];
  if (/\{[^{}]*[{<]/u.test(template)) throw new Error(`${where}: a choice inside {...}; write two templates instead`);
  let end = 0;
  for (const match of template.matchAll(/\{([^{}]*)\}|<(\w+)>/gu)) {
    const [whole, inline, name] = match;
    const options = inline !== undefined ? inline.split('|') : slots.get(name ?? '');
    if (options === undefined) throw new Error(`${where}: no fillers for ${whole}; define $${name}: a | b`);
    fixed.push(template.slice(end, match.index));
    // A slot, or the same list of alternatives, that returns in a template takes the same filler again.
    choices.push({ key: name ?? whole, options });
    end = match.index + whole.length;
  }
  fixed.push(template.slice(end));
  return { fixed, choices };
}

/** Turns one choice of fillers into text: `fill(template)` reads the same fillers for the same slots. */
export type Filling = (template: string) => string;

/**
 * Up to `limit` different fillings of the slots and alternatives of `template`, the same on every run.
 * Each walks on through all options, so that few fillings still show every filler.
 * @throws {Error} when a slot has no fillers; `where` names the place.
 */
export function fillingsOf(template: string, slots: Slots, where: string, limit = MAX_EXPANSIONS): readonly Filling[] {
  const { choices } = split(template, slots, where);
  const keys = new Map(choices.map(({ key, options }) => [key, options]));
  const combinations = [...keys.values()].reduce((product, options) => Math.min(product * options.length, 1e6), 1);
  const wanted = Math.min(limit, combinations);
  const seen = new Set<string>();
  const fillings: Filling[] = [];
  for (let step = 0; fillings.length < wanted && step < wanted * 40; step++) {
    const picks = new Map<string, string>();
    for (const [key, options] of keys) {
      const start = hashText(`${template} ${key}`);
      // Whole laps shift by a hashed amount: two slots of equal length do not stay locked together.
      const lap = Math.floor(step / options.length);
      picks.set(key, options[(start + step + hashText(`${key} ${lap}`) * Math.sign(lap)) % options.length] ?? '');
    }
    const id = [...picks.values()].join('\u0000');
    if (seen.has(id)) continue;
    seen.add(id);
    fillings.push((text) => fill(text, picks, slots, where));
  }
  return fillings;
}

function fill(template: string, picks: ReadonlyMap<string, string>, slots: Slots, where: string): string {
  const { fixed, choices } = split(template, slots, where);
  return fixed
    .map((text, index) => text + (choices[index] === undefined ? '' : (picks.get(choices[index].key) ?? '')))
    .join('')
    .replaceAll(BRACES[0], '{')
    .replaceAll(BRACES[1], '}')
    .replaceAll('\\n', '\n')
    .replace(/ {2,}/gu, ' ')
    .replace(/ (?=[,.?!](?:\s|$))/gu, '')
    .trim();
}
