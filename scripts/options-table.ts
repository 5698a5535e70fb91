import type { z } from 'zod';
import { CATEGORIES } from '../src/core/index.js';
import { replaceBetween } from './replace-between.js';

type Schema = z.core.JSONSchema.JSONSchema;

/** A Markdown table of every option in a config's JSON Schema; the categories, which are all alike, as one row each. */
export function optionsTable(schema: Schema): string {
  const rows = rowsOf(schema, '');
  return ['| Option | Value | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function rowsOf(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    if (typeof child !== 'object') return [];
    const [first] = CATEGORIES;
    if (CATEGORIES.some((category) => category === key)) {
      return key === first ? rowsOf(child, `${path}<category>.`) : [];
    }
    return optionRows(child, `${path}${key}`);
  });
}

function optionRows(schema: Schema, path: string): string[] {
  const { items, additionalProperties: values } = schema;
  const nested = rowsOf(schema, `${path}.`);
  // A group is described by what is in it.
  if (nested.length > 0) return nested;
  const own = `| \`${path}\` | ${cell(describeValue(schema))} | ${defaultOf(schema)} | ${cell(schema.description ?? '')} |`;
  if (typeof items === 'object' && !Array.isArray(items)) return [own, ...itemRows(items, `${path}[].`)];
  const shaped = (schema.anyOf ?? []).flatMap((shape) => (typeof shape === 'object' ? rowsOf(shape, `${path}.`) : []));
  if (shaped.length > 0) return [own, ...shaped];
  return typeof values === 'object' ? [own, ...rowsOf(values, `${path}.<name>.`)] : [own];
}

/** Rows of the items of a list; where they may be of several shapes, a key that more than one has comes once. */
function itemRows(items: Schema, path: string): string[] {
  if (items.oneOf !== undefined) return kindRows(items.oneOf.filter(isShape), path);
  const shapes = [items, ...(items.anyOf ?? [])].filter(isShape);
  const rows = new Map<string, string>();
  for (const row of shapes.flatMap((shape) => rowsOf(shape, path))) {
    const [key = ''] = row.split('` |', 1);
    if (!rows.has(key)) rows.set(key, row);
  }
  return [...rows.values()];
}

/** Rows of items that the value of one key tells apart: that key, what is said of each value, and what all share. */
function kindRows(shapes: readonly Schema[], path: string): string[] {
  const key = Object.keys(shapes[0]?.properties ?? {}).find((each) => shapes.every((shape) => constOf(shape, each)));
  if (key === undefined) throw new Error(`${path}: no key tells the shapes of the items apart`);
  const kinds = shapes.map((shape) => ({
    label: `\`${constOf(shape, key)}\``,
    about: aboutOf(shape, key),
    rows: rowsOf(shape, path).filter((row) => !row.startsWith(`| \`${path}${key}\``)),
  }));
  const shared = kinds[0]?.rows.filter((row) => kinds.every(({ rows }) => rows.includes(row))) ?? [];
  const own = kinds.flatMap(({ label, rows }) =>
    rows.filter((row) => !shared.includes(row)).map((row) => row.replace(/\| ([^|]*) \|$/, `| ${label}: $1 |`)),
  );
  const labels = kinds.map(({ label }) => label).join(', ');
  const about = kinds.map((each) => each.about).filter((each) => each !== '');
  return [`| \`${path}${key}\` | ${labels} |  | ${cell(about.join(' '))} |`, ...own, ...shared];
}

function constOf({ properties }: Schema, key: string): string | undefined {
  const value = properties?.[key];
  return typeof value === 'object' && value.const !== undefined ? String(value.const) : undefined;
}

function aboutOf({ properties }: Schema, key: string): string {
  const value = properties?.[key];
  return typeof value === 'object' ? (value.description ?? '') : '';
}

function isShape(shape: z.core.JSONSchema._JSONSchema): shape is Schema {
  return typeof shape === 'object';
}

function describeValue(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) {
    const values = schema.anyOf.map((option) => (typeof option === 'object' ? describeValue(option) : ''));
    return [...new Set(values)].join(' or ');
  }
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === 'array' && typeof schema.items === 'object' && !Array.isArray(schema.items)) {
    return schema.items.type === 'object' || schema.items.oneOf !== undefined
      ? 'list'
      : `list of ${describeValue(schema.items)}`;
  }
  if (schema.type === 'object') return 'map';
  if (schema.type === 'number' && schema.minimum === 0 && schema.maximum === 1) return '0 to 1';
  return schema.type === undefined ? 'any' : String(schema.type);
}

function defaultOf({ default: value }: Schema): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/**
 * The readme with its options table brought up to date.
 * @throws {Error} when it has no place for the table.
 */
export function withOptionsTable(readme: string, schema: Schema): string {
  return replaceBetween(readme, {
    begin: '<!-- options: written by `npm run docs` -->',
    end: '<!-- /options -->',
    content: optionsTable(schema),
  });
}
