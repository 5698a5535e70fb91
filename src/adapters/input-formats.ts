import { createInputFormat } from './input-format.js';

const WORDS = ['model', 'object', 'user', 'size', 'quality', 'style', 'background', 'output_format', 'moderation'];

/** Image generation of OpenAI, `/v1/images/generations`. */
export const openaiImages = createInputFormat({
  name: 'openai-images',
  inputKey: 'prompt',
  words: [...WORDS, 'response_format', 'url', 'type'],
  textless: ['b64_json', 'image', 'images', 'mask', 'usage'],
});

/** Speech of OpenAI, `/v1/audio/speech`. */
export const openaiSpeech = createInputFormat({
  name: 'openai-speech',
  inputKey: 'input',
  words: [...WORDS, 'response_format', 'voice', 'stream_format', 'type'],
  textless: ['audio', 'usage'],
});

/** Reranking, `/v1/rerank`, as Cohere, Jina, vLLM and others speak it. */
export const rerank = createInputFormat({
  name: 'rerank',
  inputKey: 'query',
  words: [...WORDS, 'id'],
  textless: ['usage', 'meta', 'image'],
});
