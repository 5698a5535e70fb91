import { StoreError } from '../core/index.js';

/** Returns a `StoreError` that says what failed and why; the cause is kept. */
export function toStoreError(what: string, cause: unknown): StoreError {
  // Not by its class: the native part of a driver keeps the error class of whoever loaded it first.
  const why = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : cause;
  return new StoreError(`${what}: ${why}`, { cause });
}
