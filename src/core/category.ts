/** The ten content categories, in clause order. Arrays of scores everywhere follow this order. */
export const CATEGORIES = [
  'abusive',
  'bullying',
  'harassment',
  'discrimination',
  'sexual',
  'violence',
  'minors',
  'minor_persona',
  'crime',
  'impersonation',
] as const;

/** One of the ten content categories. */
export type Category = (typeof CATEGORIES)[number];

/** Clause number and a title in our own words, for notices, reports and docs. */
export const CATEGORY_INFO: Readonly<Record<Category, { readonly clause: string; readonly title: string }>> = {
  abusive: { clause: '3.4(1)', title: 'Hateful, defamatory, offensive, abusive or vulgar' },
  bullying: { clause: '3.4(2)', title: 'Provoking, bullying or trolling' },
  harassment: { clause: '3.4(3)', title: 'Harassing, threatening, or urging self-harm' },
  discrimination: { clause: '3.4(4)', title: 'Discriminating against a protected group' },
  sexual: { clause: '3.4(5)', title: 'Pornographic, obscene or sexually explicit' },
  violence: { clause: '3.4(6)', title: 'Promoting violence, terror or extremism' },
  minors: { clause: '3.4(7)', title: 'Harming or exploiting minors' },
  minor_persona: { clause: '3.4(8)', title: 'Persona of a person under 18' },
  crime: { clause: '3.4(9)', title: 'Encouraging or instructing a criminal offence' },
  impersonation: { clause: '3.4(10)', title: 'Impersonating a person without a label' },
};

/** Position of each category in `CATEGORIES`. */
export const CATEGORY_INDEX: Readonly<Record<Category, number>> = Object.fromEntries(
  CATEGORIES.map((category, index) => [category, index]),
) as Record<Category, number>;

/** Whether `value` is one of the ten ids. Never throws. */
export function isCategory(value: string): value is Category {
  return Object.hasOwn(CATEGORY_INDEX, value);
}
