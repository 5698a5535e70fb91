import { createHash } from 'node:crypto';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtPackage } from '../support/built.js';
import { corpusText } from '../support/corpus.js';
import { expectEqual, race } from '../support/measure.js';

const LENGTHS = [50, 200, 2000, 20_000] as const;
const MESSAGES = 40;
const QUIET = { store: 'none', log: { level: 'silent' } } as const;

/** What the cache of verdicts costs and saves. */
export const benchmark: Benchmark = {
  about:
    'Verdict cache: a known text, a text that is not known yet, a conversation that grows; beside judging without a cache; bound: SHA-256 of the text.',
  run: measureVerdictCache,
};

async function measureVerdictCache(): Promise<Measurement[]> {
  const { createModerator } = builtPackage();
  const cached = await createModerator(QUIET);
  const fresh = await createModerator({ ...QUIET, cache: { maxBytes: 0 } });
  const results: Measurement[] = [];
  const all = corpusText({ corpus: 'mixed', chars: 40_000 });
  let salt = 0;
  for (const chars of LENGTHS) {
    const text = all.slice(0, chars);
    expectEqual('the verdict', JSON.stringify(cached.moderate(text)), JSON.stringify(fresh.moderate(text)));
    expectEqual('a known verdict', cached.moderate(text), cached.moderate(text));
    const ms = race({
      hash: () => void createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64'),
      hit: () => void cached.moderate(text),
      off: () => void fresh.moderate(text),
      miss: () => {
        salt += 1;
        cached.moderate(`${text}${salt}`);
      },
    });
    const name = `text of ${chars} characters`;
    results.push(
      {
        case: name,
        metric: 'hit',
        value: ms.hit * 1000,
        unit: 'µs',
        ratios: { 'SHA-256': ms.hit / ms.hash, 'no cache': ms.hit / ms.off },
      },
      { case: name, metric: 'miss', value: ms.miss * 1000, unit: 'µs', ratios: { 'no cache': ms.miss / ms.off } },
    );
  }
  return [...results, conversation({ cached, fresh, all })];
}

type TextModerator = Awaited<ReturnType<ReturnType<typeof builtPackage>['createModerator']>>;

/** The last turn of a conversation of 40 messages, all of which are sent again with it: one is new. */
function conversation({
  cached,
  fresh,
  all,
}: {
  cached: TextModerator;
  fresh: TextModerator;
  all: string;
}): Measurement {
  const messages = Array.from({ length: MESSAGES }, (_, nth) => all.slice(nth * 200, (nth + 1) * 200));
  let salt = 0;
  const turn = (moderator: TextModerator) => (): void => {
    salt += 1;
    for (const message of messages) moderator.moderate(message);
    moderator.moderate(`And this, number ${salt}?`);
  };
  const ms = race({ cached: turn(cached), fresh: turn(fresh) });
  return {
    case: `${MESSAGES} messages of 200 characters, sent again with a new one`,
    metric: 'time',
    value: ms.cached * 1000,
    unit: 'µs',
    ratios: { 'no cache': ms.cached / ms.fresh },
  };
}
