/** Half-open range `[start, end)` in UTF-16 code units of the original text. Never cuts a surrogate pair. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
