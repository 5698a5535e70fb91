import { createHash } from 'node:crypto';
import type { SqlValue } from './database.js';
import type { SealedEvidence } from './evidence/index.js';
import type { HitBatch } from './hit-repository.js';

/** Length (4 bytes, little endian) and the first 8 bytes of the SHA-256 of what follows them. */
const HEAD_BYTES = 12;
const CHECK_BYTES = 8;

/** Returns a batch as bytes that tell by themselves whether they are whole. */
export function encodeFrame({ by, hits, evidence = [], head, lost }: HitBatch): Buffer {
  const rows = hits.map(({ seq, content, salt, digest, hash }) => [seq, content, hex(salt), hex(digest), hex(hash)]);
  const kept = evidence.map((each): StoredEvidence => {
    return { ...each, wrappedKey: hex(each.wrappedKey), content: base64(each.content) };
  });
  const stored = { by, rows, ...(kept.length === 0 ? {} : { kept }), head: [head.seq, hex(head.hash)], lost };
  const body = Buffer.from(JSON.stringify(stored));
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  frame.writeUInt32LE(body.length, 0);
  checkOf(body).copy(frame, 4);
  body.copy(frame, HEAD_BYTES);
  return frame;
}

/** What a spool file holds. */
export interface DecodedFrames {
  readonly batches: readonly HitBatch[];
  /** Whether what follows the last whole batch is more than the start of one: then something else has changed the file. */
  readonly isDamaged: boolean;
}

/**
 * Returns the batches of a spool file, in order, up to the first that is not whole: a process that was killed, or a disk that was
 * full, leaves the start of one at the end.
 */
export function decodeFrames(bytes: Buffer): DecodedFrames {
  const batches: HitBatch[] = [];
  let start = 0;
  for (;;) {
    if (start + HEAD_BYTES > bytes.length) return { batches, isDamaged: false };
    const end = start + HEAD_BYTES + bytes.readUInt32LE(start);
    if (end > bytes.length) return { batches, isDamaged: false };
    const body = bytes.subarray(start + HEAD_BYTES, end);
    if (!checkOf(body).equals(bytes.subarray(start + 4, start + HEAD_BYTES))) return { batches, isDamaged: true };
    batches.push(readBody(body));
    start = end;
  }
}

/** A text as it stands in a spool file: encrypted, as everywhere on disk. */
interface StoredEvidence extends Omit<SealedEvidence, 'wrappedKey' | 'content'> {
  /** Hexadecimal. */
  readonly wrappedKey: string;
  /** Base64. */
  readonly content: string;
}

/** What `encodeFrame` wrote; the check says that it is that. */
interface Body {
  readonly by: HitBatch['by'];
  readonly rows: readonly (readonly [number, readonly SqlValue[], string, string, string])[];
  /** Texts, encrypted; left out when there are none. */
  readonly kept?: readonly StoredEvidence[];
  readonly head: readonly [number, string];
  readonly lost: number;
}

function readBody(bytes: Buffer): HitBatch {
  const { by, rows, kept = [], head, lost }: Body = JSON.parse(bytes.toString());
  const hits = rows.map(([seq, content, salt, digest, hash]) => ({
    writer: by.writer,
    seq,
    content,
    salt: Buffer.from(salt, 'hex'),
    digest: Buffer.from(digest, 'hex'),
    hash: Buffer.from(hash, 'hex'),
  }));
  const evidence = kept.map((each): SealedEvidence => {
    const { wrappedKey, content } = each;
    return { ...each, wrappedKey: Buffer.from(wrappedKey, 'hex'), content: Buffer.from(content, 'base64') };
  });
  const read = { by, hits, head: { seq: head[0], hash: Buffer.from(head[1], 'hex') }, lost };
  return evidence.length === 0 ? read : { ...read, evidence };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function checkOf(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);
}
