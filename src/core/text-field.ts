/** One piece of text found in a body. */
export interface TextField {
  /** Where it stands, as a JavaScript path: `messages[2].content[0].text`. Unique within one body. */
  readonly path: string;
  /** The speaker as the body names it (`user`, `assistant`, `system`, `tool`), if it does. */
  readonly role?: string;
  /** The text as the reader of the body will see it (escapes decoded). */
  readonly text: string;
}

/** A replacement for one text field. */
export interface TextEdit {
  readonly path: string;
  readonly text: string;
}
