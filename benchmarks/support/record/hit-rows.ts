import type { HitEntry } from '../../../src/core/index.js';
import type { SqlValue } from '../../../src/store/index.js';
import { builtStore } from '../built.js';

const SUBJECTS = 1_000;
const TERMS = 200;
let made = 0;

/** Entries of one hit each, as the proxy records them: each of a request of its own. */
export function hitEntries(count: number): HitEntry[] {
  return Array.from({ length: count }, () => {
    made += 1;
    return {
      timeMs: 1_700_000_000_000 + made,
      requestId: `req-${(made * 2_654_435_761).toString(16).padStart(16, '0')}`,
      subject: (made % SUBJECTS).toString(16).padStart(32, '5'),
      direction: 'input',
      route: '/v1/chat/completions',
      outcome: 'screened',
      field: `messages[${made % 7}].content`,
      policy: 'default',
      mode: 'enforce',
      action: 'block',
      applied: 'block',
      hits: [
        {
          category: 'abusive',
          source: 'lexicon',
          score: 0.9 + (made % 90) / 1_000,
          span: { start: made % 160, end: (made % 160) + 8 },
          action: 'block',
          termId: `en/abusive/${String(made % TERMS).padStart(8, '0')}`,
        },
      ],
      versions: { policy: '5d1f0c9e7a31', lexicon: 'e0b8a6c4d2f1', model: '7c3a91b2e4d5', features: '1a2b3c4d' },
    };
  });
}

/** Columns of the hit table that a writer fills, in the order of `hitRows`. */
export function hitColumns(): string[] {
  return ['writer', 'seq', ...Object.keys(builtStore().HIT_COLUMNS), 'salt', 'digest', 'hash'];
}

/** Makes the rows that the hit log makes of entries, for a writer of its own. */
export function rowMaker(): (entries: readonly HitEntry[]) => SqlValue[][] {
  const { HitChain, hitContents, newWriter } = builtStore();
  const chain = new HitChain(newWriter());
  return (entries) =>
    entries.flatMap((entry) =>
      hitContents(entry).map((content): SqlValue[] => {
        const { writer, seq, salt, digest, hash } = chain.seal(content);
        return [writer, seq, ...content, salt, digest, hash];
      }),
    );
}
