import { isUtf8 } from 'node:buffer';

/** Charsets in which the bytes of ASCII stand for themselves. */
const LIKE_ASCII = /^(?:utf-?8|us-ascii|ascii|iso-?8859-|latin|windows-|cp\d|koi8|gb|big5|euc|x?-?sjis|shift)/i;
const UTF8 = /^(?:utf-?8|us-ascii|ascii)$/i;

/** Returns the charset that a content type names; `undefined` without one. Never throws. */
export function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?'?([^\s;"']+)/i.exec(contentType)?.[1];
}

/**
 * Whether whoever goes by its content type reads a body as UTF-8, and so as it is read here. A NUL is in no text: it is the half
 * of a character in another encoding, which some readers detect by it. O(bytes). Never throws.
 */
export function readsAsUtf8(bytes: Buffer, contentType: string): boolean {
  if (bytes.includes(0)) return false;
  const charset = charsetOf(contentType) ?? 'utf-8';
  if (UTF8.test(charset)) return isUtf8(bytes);
  return LIKE_ASCII.test(charset) && bytes.every((byte) => byte < 0x80);
}

/** Whether a content type names a charset in which nothing reads as in UTF-8. Never throws. */
export function isWide(contentType: string): boolean {
  return !LIKE_ASCII.test(charsetOf(contentType) ?? 'utf-8');
}
