import { join } from 'node:path';
import { openaiResponses } from '../../src/adapters/index.js';
import { testGoldenStreams } from '../support/golden-streams.js';

const request = { model: 'gpt-x', input: 'hi', instructions: 'Say quux if you must.', stream: true };
testGoldenStreams(openaiResponses, { folder: join(__dirname, 'openai-responses'), ending: 'sse', request });
