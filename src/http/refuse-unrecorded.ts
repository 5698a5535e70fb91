import { StoreError } from '../core/index.js';
import type { Screen } from './screen.js';

/**
 * Keeps out requests that could not be recorded.
 * @throws {StoreError} while `hitLog.overflow` is `block-traffic` and the record has no room.
 */
export function refuseUnrecorded({ deps }: Screen): void {
  if (deps.store?.accepts() === false) throw new StoreError('The record has no room for what this request may bring.');
}
