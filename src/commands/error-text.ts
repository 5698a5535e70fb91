import { SluiceError } from '../core/index.js';

/** An error that somebody has been told of already: nobody has to print it. */
export class ToldError extends Error {}

/** What is said of an error to whoever runs sluice: its code and message, no stack. */
export function errorText(error: unknown): string {
  const code = error instanceof SluiceError ? `${error.code}: ` : '';
  return `${code}${error instanceof Error ? error.message : 'failed'}`;
}
