/** Wire formats that bodies and streams can be read in. */
export const FORMATS = ['openai-chat', 'anthropic-messages', 'anthropic-batch-results'] as const;

/** Name of a wire format. */
export type FormatName = (typeof FORMATS)[number];
