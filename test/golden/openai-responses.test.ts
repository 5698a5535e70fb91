import { join } from 'node:path';
import { openaiResponses } from '../../src/adapters/index.js';
import { testGoldenStreams } from '../support/golden-streams.js';

testGoldenStreams(openaiResponses, { folder: join(__dirname, 'openai-responses'), ending: 'sse' });
