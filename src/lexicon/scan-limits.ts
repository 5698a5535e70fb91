/** Text that is kept before the buffer is cut for the first time. */
export const COMPACT_AT_UNITS = 8192;
/** Farther behind a symbol with two readings than any match can begin, UTF-16 units. */
export const FORK_REACH = 4096;
