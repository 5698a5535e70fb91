/** Of the network, and of a server that starts, stops or has no connection left. */
const UNREACHABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  '57P01',
  '57P03',
  '53300',
]);

/** Whether an error, or what caused it, says that a server is not there at the moment. Never throws. */
export function isUnreachable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && UNREACHABLE_CODES.has(String(error.code))) return true;
  // The driver has no codes for its time limit, nor for a server that hangs up.
  if ('message' in error && /timeout expired|Connection terminated/.test(String(error.message))) return true;
  return 'cause' in error && isUnreachable(error.cause);
}
