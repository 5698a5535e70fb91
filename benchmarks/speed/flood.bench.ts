import type { ResolvedPolicy } from '../../src/policy/index.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtCompose, builtConfig } from '../support/built.js';

const SHORT_UNITS = 16_000;
const LONG_UNITS = 16 * SHORT_UNITS;
/** Of the fastest of so many turns. */
const TURNS = 3;
/** How much dearer a unit of the long text may be: what is not linear would be near sixteen. */
const MOST = 3;
const CLOCK = { now: () => 0 };

/** Texts that make a scan look back, wait, or find something, as often as they can. */
const FLOODS: Readonly<Record<string, string>> = {
  'letters without a boundary': 'a',
  spaces: ' ',
  'line breaks': '\n',
  'a word and combining marks': 'kill\u0301',
  'half a word and zero-width spaces': 'fuc\u200b',
  'a word with a last letter that goes on': 'fuck',
  'an allow-phrase that goes on': 'breast cance',
  'an allow-phrase again and again': 'Scunthorpe ',
  'hits side by side': 'fuck ',
  'hits in every reading': 'f.u.c.k.',
  'spelled-out words': 'f u c k ',
  'single letters': 'a b c d ',
  'words of a condition': 'how to make a bomb ',
  'Chinese hits': '操你',
  'kana with sound marks': 'しねﾞ',
  'a word and sound marks': '操你妈ﾞ',
  'first halves of surrogate pairs': '\ud83d',
  symbols: '@',
  dots: '.',
};
/** Floods that begin once; the others are repeated whole. */
const GOES_ON = /^(?:a word|half a word|an allow-phrase that)/;

function flood(name: string, length: number): string {
  const unit = FLOODS[name] ?? '';
  return GOES_ON.test(name)
    ? unit.slice(0, -1) + unit.slice(-1).repeat(length - unit.length + 1)
    : unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

/** Whether what a flood costs is linear in its length: whole, and as a stream of single units in every way to wait. */
async function measureFlood(): Promise<Measurement[]> {
  const results: Measurement[] = [];
  for (const hold of ['adaptive', 'answer', 'none'] as const) {
    const config = {
      policies: { default: { output: { hold, onHoldLimit: 'release' } } },
      store: 'none',
      log: { level: 'silent' },
      cache: { maxBytes: 0 },
    };
    const parsed = builtConfig().parseConfig(config, 'flood');
    const { moderator, screen, close } = await builtCompose().compose(parsed, { record: false });
    const policy = withoutBlocks(screen.route('/', {}).policy);
    const stream = (text: string): void => {
      const opened = moderator.openStream({ direction: 'output', policy, clock: CLOCK });
      for (let at = 0; at < text.length; at += 1) opened.push(text.charAt(at));
      opened.end();
      if (opened.blocked) throw new Error('the flood was blocked');
    };
    for (const name of Object.keys(FLOODS)) {
      results.push(measureGrowth(`${name}, single units, hold ${hold}`, name, stream));
      if (hold !== 'adaptive') continue;
      const whole = (text: string): void => void moderator.moderate(text, { direction: 'output', policy });
      results.push(measureGrowth(`${name}, whole`, name, whole));
    }
    await close();
  }
  return results;
}

/** Every hit is redacted: with the first block a flood would be over. */
function withoutBlocks(policy: ResolvedPolicy): ResolvedPolicy {
  const redacting = (thresholds: ResolvedPolicy['output']): ResolvedPolicy['output'] =>
    Object.fromEntries(
      Object.entries(thresholds).map(([category, each]) => [
        category,
        { ...each, redact: 0.5, block: Number.POSITIVE_INFINITY },
      ]),
    ) as ResolvedPolicy['output'];
  const { output, classifier } = policy;
  return { ...policy, output: redacting(output), classifier: { ...classifier, output: redacting(classifier.output) } };
}

function measureGrowth(what: string, name: string, work: (text: string) => void): Measurement {
  const [short, long] = [flood(name, SHORT_UNITS), flood(name, LONG_UNITS)];
  work(short);
  let [shortMicros, longMicros] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < TURNS; turn += 1) {
    shortMicros = Math.min(shortMicros, microsPerUnit(work, short));
    longMicros = Math.min(longMicros, microsPerUnit(work, long));
    if (longMicros < MOST * shortMicros) break;
  }
  const growth = longMicros / shortMicros;
  if (growth > MOST) throw new Error(`${what}: a unit of ${LONG_UNITS} costs ${growth} times that of ${SHORT_UNITS}`);
  return {
    case: what,
    metric: 'processor time per unit',
    value: longMicros,
    unit: 'µs',
    ratios: { [`per unit of ${SHORT_UNITS}`]: growth },
  };
}

function microsPerUnit(work: (text: string) => void, text: string): number {
  const start = process.cpuUsage();
  work(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / text.length;
}

/** What floods of text cost. */
export const benchmark: Benchmark = {
  about: `Texts made to be slow, of ${LONG_UNITS} units beside ${SHORT_UNITS}: fails where the cost is not linear in the length.`,
  run: measureFlood,
};
