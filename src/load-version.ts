import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the version in the package's own manifest. */
export function loadVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0.0.0';
}
