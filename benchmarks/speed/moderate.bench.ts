import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtPackage } from '../support/built.js';
import { expectEqual, passOver, race } from '../support/measure.js';

const TEXTS: Readonly<Record<string, string>> = {
  en: 'Could you help me plan a quiet weekend with my parents? We would like to walk in the hills, cook something simple in the evening and read a little before we sleep. What should we bring along with us?',
  zh: '请帮我安排一个安静的周末。我们想和父母一起去山里走走，晚上做一点简单的饭菜，睡觉前读一会儿书。请问我们需要带些什么东西，早上几点出发比较合适，路上有没有什么值得看的风景，附近有没有适合老人休息的茶馆，最好价格不要太贵，谢谢你的建议。',
};

/** One call of `moderate()` on a benign message, with everything on. */
export const benchmark: Benchmark = {
  about:
    'One call of moderate() on a benign message, lists and classifier on, cache off and hit; bound: one pass of charCodeAt.',
  run: measureModerate,
};

async function measureModerate(): Promise<Measurement[]> {
  const { createModerator } = builtPackage();
  const fresh = await createModerator({ cache: { maxBytes: 0 }, store: 'none', log: { level: 'silent' } });
  const cached = await createModerator({ store: 'none', log: { level: 'silent' } });
  const results: Measurement[] = [];
  for (const [name, text] of Object.entries(TEXTS)) {
    for (const moderator of [fresh, cached]) expectEqual(`action, ${name}`, moderator.moderate(text).action, 'allow');
    const ms = race({
      charCodeAt: () => passOver(text),
      'cache off': () => void fresh.moderate(text),
      'cache hit': () => void cached.moderate(text),
    });
    for (const label of ['cache off', 'cache hit'] as const) {
      results.push({
        case: `${name}, ${text.length} characters, ${label}`,
        metric: 'time per call',
        value: ms[label] * 1000,
        unit: 'µs',
        ratios: { charCodeAt: ms[label] / ms.charCodeAt },
      });
    }
  }
  return results;
}
