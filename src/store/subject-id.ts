import { createHmac } from 'node:crypto';

/**
 * Returns the id under which the record knows a subject: 32 hexadecimal digits, the first half of an HMAC-SHA-256. Without the
 * key nobody can tell whose it is, nor find a subject by trying names.
 */
export function subjectId(key: Uint8Array, subject: string): string {
  return createHmac('sha256', key).update('sluice subject\0').update(subject).digest('hex').slice(0, 32);
}
