import { builtPackage } from '../support/built.js';
import { fastestMs, type Measurement, passOver } from '../support/measure.js';

const CALLS = 2000;
const TEXTS: Readonly<Record<string, string>> = {
  en: 'Could you help me plan a quiet weekend with my parents? We would like to walk in the hills, cook something simple in the evening and read a little before we sleep. What should we bring along with us?',
  zh: '请帮我安排一个安静的周末。我们想和父母一起去山里走走，晚上做一点简单的饭菜，睡觉前读一会儿书。请问我们需要带些什么东西，早上几点出发比较合适，路上有没有什么值得看的风景，附近有没有适合老人休息的茶馆，最好价格不要太贵，谢谢你的建议。',
};

/** One call of `moderate()` on a benign message with everything on: cache off, and answered by the cache. */
export async function measureModerate(): Promise<Measurement[]> {
  const { createModerator } = builtPackage();
  const fresh = await createModerator({ cache: { maxBytes: 0 }, store: 'none', log: { level: 'silent' } });
  const cached = await createModerator({ store: 'none', log: { level: 'silent' } });
  const results: Measurement[] = [];
  for (const [name, text] of Object.entries(TEXTS)) {
    if (fresh.moderate(text).action !== 'allow') throw new Error(`the ${name} message is not benign`);
    const bound = perCall(() => passOver(text));
    for (const [label, moderator] of [
      ['cache off', fresh],
      ['cache hit', cached],
    ] as const) {
      const value = perCall(() => void moderator.moderate(text));
      results.push({
        case: `${name}, ${text.length} characters, ${label}`,
        metric: 'time per call',
        value: Number(value.toFixed(2)),
        unit: 'µs',
        ratios: { charCodeAt: value / bound },
      });
    }
  }
  return results;
}

/** Microseconds of one call, from the fastest batch. */
function perCall(call: () => void): number {
  const batch = (): void => {
    for (let turn = 0; turn < CALLS; turn += 1) call();
  };
  batch();
  return (fastestMs(batch) * 1000) / CALLS;
}
