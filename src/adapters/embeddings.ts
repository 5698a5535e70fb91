import { createInputFormat } from './input-format.js';
import { asArray, foldedValues } from './json.js';

const WORDS = ['model', 'object', 'encoding_format', 'user', 'input_type', 'embedding_types', 'keep_alive'];
/** Vectors, as numbers or in base64, and what goes in that is no text. */
const VECTORS = ['embedding', 'embeddings', 'usage', 'image', 'images'];

/** Embeddings of OpenAI, `/v1/embeddings`. */
export const openaiEmbeddings = createInputFormat({
  name: 'openai-embeddings',
  inputKey: 'input',
  words: WORDS,
  textless: VECTORS,
  // A single text would do for the Responses API too.
  recognizes: ({ body }) =>
    foldedValues(body, 'model').some((model) => typeof model === 'string') && foldedValues(body, 'input').some(isList),
});

/** Embeddings of Ollama, `/api/embed` and the older `/api/embeddings`. */
export const ollamaEmbed = createInputFormat({
  name: 'ollama-embed',
  inputKey: 'input',
  words: WORDS,
  textless: VECTORS,
  bareError: true,
});

/** Texts or tokens; the items of other formats are objects. */
function isList(input: unknown): boolean {
  return asArray(input).some((item) => typeof item === 'string' || typeof item === 'number' || Array.isArray(item));
}
