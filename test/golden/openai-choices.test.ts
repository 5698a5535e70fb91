import { join } from 'node:path';
import { adapterNamed } from '../../src/adapters/index.js';
import { testGoldenStreams } from '../support/golden-streams.js';

describe.each(['openai-chat', 'openai-completions'] as const)('%s', (name) => {
  testGoldenStreams(adapterNamed(name), { folder: join(__dirname, name), ending: 'sse' });
});
