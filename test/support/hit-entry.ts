import type { HitEntry } from '../../src/core/index.js';

/** An entry with one made-up lexicon hit; `change` replaces any part. */
export function hitEntry(requestId: string, change: Partial<HitEntry> = {}): HitEntry {
  return {
    timeMs: 1_700_000_000_000,
    requestId,
    direction: 'input',
    route: '/v1/chat/completions',
    outcome: 'screened',
    field: 'messages[0].content',
    policy: 'default',
    mode: 'enforce',
    action: 'block',
    applied: 'block',
    hits: [
      {
        category: 'abusive',
        source: 'lexicon',
        score: 0.995,
        span: { start: 2, end: 10 },
        action: 'block',
        termId: 'en/abusive/00000001',
      },
    ],
    versions: { policy: 'p1', lexicon: 'l1', model: 'm1' },
    ...change,
  };
}
