import { join } from 'node:path';
import { anthropicMessages } from '../../src/adapters/index.js';
import { testGoldenStreams } from '../support/golden-streams.js';

testGoldenStreams(anthropicMessages, { folder: join(__dirname, 'anthropic-messages'), ending: 'sse' });
