import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from '../support/benchmark.js';
import { builtCompose, builtConfig } from '../support/built.js';
import { drawHistogram, histogram, percentile } from '../support/distribution.js';
import { tokensOf } from '../support/tokens.js';

/** Benign answers, written for this benchmark. */
const BENIGN = ['en', 'zh', 'ja', 'code'] as const;
const BOUNDS = [0, 1, 3, 6, 12, 24, 48];
const CLOCK = { now: () => 0 };
/** Published: see the README. */
const GOAL = { p50: 0, p99: 12 };

/** A benign text of the benchmark; `openings` are first lines of answers, as assistants begin them. */
export function benignText(name: (typeof BENIGN)[number] | 'openings'): string {
  return readFileSync(join(__dirname, 'benign', `${name}.txt`), 'utf8');
}

/**
 * How much text waits after each event of a benign stream, in characters: token by token, built-in lists and classifier,
 * built-in policy. Fails when a text is not found benign, or when the published bounds do not hold over all events.
 */
export async function measureHeldSuffix(): Promise<Measurement[]> {
  const config = builtConfig().parseConfig({ store: 'none', log: { level: 'silent' } }, 'hold');
  const { moderator, screen, close } = await builtCompose().compose(config, { record: false });
  const { policy } = screen.route('/', {});
  const results: Measurement[] = [];
  const all: number[] = [];
  const report = (name: string, held: readonly number[]): void => {
    const bars = histogram(held, BOUNDS);
    console.error(`${name}: characters that wait after an event, ${held.length} events\n${drawHistogram(bars)}`);
    for (const [metric, share] of [
      ['p50', 0.5],
      ['p90', 0.9],
      ['p99', 0.99],
      ['max', 1],
    ] as const) {
      results.push({
        case: `held suffix, ${name}`,
        metric,
        value: percentile(held, share),
        unit: 'characters',
        ratios: {},
      });
    }
    const ratios = Object.fromEntries(
      bars.map(({ range, count }) => [range, Number((count / held.length).toFixed(4))]),
    );
    results.push({ case: `held suffix, ${name}`, metric: 'histogram', value: held.length, unit: 'events', ratios });
  };
  for (const name of BENIGN) {
    const held: number[] = [];
    const text = benignText(name);
    const stream = moderator.openStream({ direction: 'output', policy, clock: CLOCK });
    let left = '';
    for (const token of tokensOf(text)) {
      left += stream.push(token);
      held.push(stream.heldChars);
    }
    left += stream.end();
    if (left !== text) throw new Error(`the text ${name} is not benign: ${JSON.stringify(stream.verdict().hits)}`);
    report(name, held);
    all.push(...held);
  }
  report('all', all);
  await close();
  const [p50, p99] = [percentile(all, 0.5), percentile(all, 0.99)];
  if (p50 > GOAL.p50 || p99 > GOAL.p99) throw new Error(`${p50} characters wait at p50, ${p99} at p99`);
  return results;
}
