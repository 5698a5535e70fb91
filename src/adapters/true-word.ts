const TRUE_WORDS = new Set<unknown>([true, 1, '1', 'true', 't', 'yes', 'y', 'on']);

/** Whether a backend may take the value for true: some coerce "true" or 1, and the reply has to be read as they do. Never throws. */
export function isTrueWord(value: unknown): boolean {
  return TRUE_WORDS.has(typeof value === 'string' ? value.trim().toLowerCase() : value);
}
