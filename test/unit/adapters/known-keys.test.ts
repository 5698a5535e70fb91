import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unknownFields } from '../../../src/adapters/index.js';
import type { FormatName } from '../../../src/core/index.js';

const sdk = (name: string, ...files: string[]): string[] =>
  files.map((file) => join(dirname(require.resolve(name)), file));

/** Names of all members of the types in declaration files, but those of names that the types quote for their examples. */
function membersOf(files: readonly string[]): string[] {
  const members = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^\s+'?([a-z]\w*)'?\??:/gm)].map(([, name]) => name ?? ''),
  );
  return [...new Set(members)];
}

describe('the keys of a format', () => {
  it.each<[FormatName, string[]]>([
    [
      'openai-chat',
      sdk(
        'openai',
        'resources/chat/completions/completions.d.ts',
        'resources/completions.d.ts',
        'resources/embeddings.d.ts',
      ),
    ],
    ['openai-chat', sdk('openai', 'resources/responses/responses.d.ts')],
    ['anthropic-messages', sdk('@anthropic-ai/sdk', 'resources/messages/messages.d.ts')],
  ])('%s include every one of the official client, so that none of them is taken for unknown', (format, files) => {
    const members = membersOf(files);
    expect(members.length).toBeGreaterThan(80);
    expect(
      unknownFields(
        format,
        members.map((path) => ({ path, text: 'a text' })),
      ),
    ).toEqual([]);
  });
});
