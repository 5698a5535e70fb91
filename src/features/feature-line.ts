import { CATEGORIES, type Category, type Feature, isoOf, type Severity } from '../core/index.js';
import { decodeSignature, featureId, SIGNATURE_VERSION } from './signature.js';

/** Name of the file format, in the first line of every file. */
const FORMAT = 'sluice-features';
/** Version of the file format; a line may gain fields within a version, never lose or change one. */
const FORMAT_VERSION = 1;

/** First line of a file. */
export interface FeatureHeader {
  /** Id of the key that the features were made with. */
  readonly key: string;
  /** ISO 8601 time. */
  readonly exported: string;
}

/** A feature as a file has it: what says where it came from stays where it was made. */
export type ExportedFeature = Pick<Feature, 'id' | 'signature' | 'category' | 'severity' | 'addedMs' | 'expiresMs'>;

/** Returns the first line of a file, without line end. */
export function writeHeader({ key, exported }: FeatureHeader): string {
  return JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, signature: SIGNATURE_VERSION, key, exported });
}

/** Returns the line of a feature, without line end. Holds no text. */
export function writeFeature({ id, signature, category, severity, addedMs, expiresMs }: ExportedFeature): string {
  const times = { added: isoOf(addedMs), expires: expiresMs === null ? null : isoOf(expiresMs) };
  return JSON.stringify({ id, category, severity, ...times, signature: Buffer.from(signature).toString('base64') });
}

/** Reads the first line of a file; a string says what is wrong with it. */
export function readHeader(line: string): FeatureHeader | string {
  const written = parse(line);
  if (written === undefined || written['format'] !== FORMAT) return `is not the first line of a ${FORMAT} file`;
  if (written['version'] !== FORMAT_VERSION || written['signature'] !== SIGNATURE_VERSION) {
    return `is of version ${String(written['version'])}/${String(written['signature'])}, but this release reads only ${FORMAT_VERSION}/${SIGNATURE_VERSION}`;
  }
  const { key, exported } = written;
  if (typeof key !== 'string') return 'names no key';
  return { key, exported: typeof exported === 'string' ? exported : '' };
}

/** Reads the line of a feature; a string says what is wrong with it. */
export function readFeature(line: string): ExportedFeature | string {
  const written = parse(line);
  if (written === undefined) return 'is no JSON object';
  const { id, category, severity, added, expires, signature } = written;
  if (!CATEGORIES.some((known) => known === category)) return 'names no category';
  if (severity !== 1 && severity !== 2 && severity !== 3 && severity !== 4) return 'has no severity from 1 to 4';
  const bytes = Buffer.from(typeof signature === 'string' ? signature : '', 'base64');
  const decoded = decodeSignature(bytes);
  if (decoded === undefined) return 'has no signature that this release can read';
  if (id !== featureId(decoded.fingerprint)) return 'has an id that is not that of its signature';
  const addedMs = timeOf(added);
  const expiresMs = expires === null || expires === undefined ? null : timeOf(expires);
  if (addedMs === undefined || expiresMs === undefined) return 'has a time that is none';
  return { id, signature: bytes, category: category as Category, severity: severity as Severity, addedMs, expiresMs };
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    // The caller names file and line.
    return undefined;
  }
}

function timeOf(written: unknown): number | undefined {
  const time = typeof written === 'string' ? Date.parse(written) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
