import { LivePipeline } from '../../../src/commands/live-pipeline.js';
import { composePipeline, listPaths, openServices, type Pipeline, type Services } from '../../../src/compose.js';
import { parseConfig } from '../../../src/config/index.js';
import type { TextClassifier } from '../../../src/core/index.js';
import { testClassifier } from '../../support/moderation.js';
import { TempFolder } from '../../support/temp-folder.js';

const folder = new TempFolder();
const list = folder.write('abusive.txt', 'zorg\n');
const config = parseConfig(
  { lists: [list], store: 'none', classifier: { enabled: false }, log: { level: 'silent' } },
  '',
);
let services: Services;
beforeAll(async () => {
  services = await openServices(config);
});

/** A pipeline with a classifier of its own that notes its end. */
async function withClassifier(name: string, ended: string[], previous?: Pipeline): Promise<Pipeline> {
  const pipeline = await composePipeline(config, { services, previous });
  const part: TextClassifier = { ...testClassifier, dispose: () => void ended.push(name) };
  return { ...pipeline, classifier: { key: name, part } };
}

describe('LivePipeline', () => {
  it('frees a replaced classifier only after its last user', async () => {
    const ended: string[] = [];
    const leave: (() => void)[] = [];
    const live = new LivePipeline({
      first: await withClassifier('first', ended),
      services,
      load: () => withClassifier('second', ended),
      unused: () => new Promise((resolve) => leave.push(resolve)),
    });
    await live.reload('test');
    expect(ended).toEqual([]);
    leave[0]?.();
    await Promise.resolve();
    expect(ended).toEqual(['first']);
  });

  it('keeps a classifier that the next pipeline took over', async () => {
    const ended: string[] = [];
    const live = new LivePipeline({
      first: await withClassifier('first', ended),
      services,
      load: async (previous) => ({ ...previous }),
      unused: async () => undefined,
    });
    await live.reload('test');
    await live.reload('test');
    expect(ended).toEqual([]);
  });

  it('takes over lists that did not change, and reads those that did', async () => {
    const first = await composePipeline(config, { services });
    const second = await composePipeline({ ...config, mode: 'shadow' }, { services, previous: first });
    expect(second.lexicon.part).toBe(first.lexicon.part);
    expect(second.policies.get('default')?.mode).toBe('shadow');
    folder.write('abusive.txt', 'zorg\nblat\n');
    const third = await composePipeline(config, { services, previous: second });
    expect(third.lexicon.part.version).not.toBe(first.lexicon.part.version);
  });

  it('reads lists again that are named by an object, and when an adjustment changes', async () => {
    const words = folder.write('words.txt', 'zorg\n');
    const own = { ...config, lists: [{ path: words, category: 'abusive' as const, format: 'plain' as const }] };
    expect(listPaths(own, undefined)).toEqual([words]);
    const first = await composePipeline(own, { services });
    folder.write('words.txt', 'zorg\nblat\n');
    const second = await composePipeline(own, { services, previous: first });
    expect(second.lexicon.part.size).toBe(2);
    const adjusted = { ...own, lexicon: { disable: ['und/*'], override: [] } };
    const third = await composePipeline(adjusted, { services, previous: second });
    expect(third.lexicon.part.size).toBe(0);
  });

  it('runs one reload at a time and goes on after a failed one', async () => {
    const events: string[] = [];
    let turn = 0;
    const live = new LivePipeline({
      first: await composePipeline(config, { services }),
      services,
      load: async (previous) => {
        turn += 1;
        const own = turn;
        events.push(`begin ${own}`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`end ${own}`);
        if (own === 1) throw new TypeError('broken');
        return previous;
      },
      unused: async () => undefined,
    });
    const outcomes = await Promise.all([live.reload('a'), live.reload('b')]);
    expect(events).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
    expect(outcomes[0]?.problems).toEqual(['TypeError: broken']);
    expect(live.lastReload).toBe(outcomes[1]);
  });
});
