import { join } from 'node:path';
import { expandSeeds } from '../../models/classifier/train/expand-seeds.js';
import type { Measurement } from '../support/benchmark.js';
import { builtCompose, builtConfig } from '../support/built.js';
import { percentile } from '../support/distribution.js';

/** Every so many rows of the seed corpus. */
const EVERY = 7;
const CLOCK = { now: () => 0 };
/** A character behind which a new step begins: hits that begin there have nothing that left before. */
const STEP_END = /[\s.!?。！？\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u;

/**
 * What leaves before the classifier makes text wait, in violating sentences of the seed corpus that it blocks, streamed character by
 * character: the share of the text that has left when the block comes, and how often the very word that made the text suspicious had.
 */
export async function measureEarlyWords(): Promise<Measurement[]> {
  const config = builtConfig().parseConfig({ store: 'none', log: { level: 'silent' } }, 'early-words');
  const { moderator, screen, close } = await builtCompose().compose(config, { record: false });
  const { policy } = screen.route('/', {});
  const rows = expandSeeds(join(__dirname, '../../models/classifier/seed')).filter(({ any }) => any === 1);
  const shares: number[] = [];
  let [hitCount, gone] = [0, 0];
  for (const [index, { text }] of rows.entries()) {
    if (index % EVERY !== 0) continue;
    const stream = moderator.openStream({ direction: 'output', policy, clock: CLOCK });
    let left = '';
    for (const char of text) left += stream.push(char);
    left += stream.end();
    const { hits } = stream.verdict();
    const blocks = hits.filter(({ action }) => action === 'block');
    if (blocks.length === 0 || blocks.some(({ source }) => source !== 'classifier')) continue;
    shares.push(left.length / Math.max(...blocks.map(({ span }) => span.end)));
    for (const { span } of blocks) {
      hitCount += 1;
      if (span.start > 0 && !STEP_END.test(text.charAt(span.start - 1))) gone += 1;
    }
  }
  await close();
  const name = 'left before the classifier blocks';
  return [
    { case: name, metric: 'blocked sentences', value: shares.length, unit: 'sentences', ratios: {} },
    ...[0.5, 0.9].map((share) => ({
      case: name,
      metric: `share of the sentence, p${share * 100}`,
      value: Number(percentile(shares, share).toFixed(3)),
      unit: 'of 1',
      ratios: {},
    })),
    {
      case: name,
      metric: 'hits whose first word had left',
      value: Number((gone / hitCount).toFixed(3)),
      unit: 'of 1',
      ratios: {},
    },
  ];
}
