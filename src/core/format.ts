/** Wire formats that bodies and streams can be read in. */
export const FORMATS = [
  'openai-chat',
  'openai-responses',
  'openai-completions',
  'openai-embeddings',
  'openai-images',
  'openai-speech',
  'rerank',
  'anthropic-messages',
  'anthropic-batch-results',
  'ollama-chat',
  'ollama-generate',
  'ollama-embed',
] as const;

/** Name of a wire format. */
export type FormatName = (typeof FORMATS)[number];
