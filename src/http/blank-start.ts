const SPACES = new Set([0x09, 0x0a, 0x0d, 0x20]);

/**
 * Finds what a busy backend sends to keep a connection alive before its JSON: white space, which means nothing in front of
 * a JSON text, so that it may pass at once.
 */
export class BlankStart {
  #over = false;

  /** Whether these bytes are white space, and so is all that came before them. */
  isBlank(bytes: Uint8Array): boolean {
    this.#over ||= !bytes.every((byte) => SPACES.has(byte));
    return !this.#over;
  }
}
