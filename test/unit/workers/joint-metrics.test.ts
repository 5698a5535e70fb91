import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { JointMetrics, metricValues } from '../../../src/workers/index.js';

function process() {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'zorg_total', help: 'h', labelNames: ['kind'], registers });
  const gauge = new Gauge({ name: 'zorg_open', help: 'h', registers });
  const healthy = new Gauge({ name: 'zorg_healthy', help: 'h', registers, aggregator: 'min' });
  const seconds = new Histogram({ name: 'zorg_seconds', help: 'h', buckets: [1, 2], registers });
  return { registry, counter, gauge, healthy, seconds };
}

const lines = async (joint: JointMetrics): Promise<string[]> =>
  (await joint.text()).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('JointMetrics', () => {
  it('is the sum of the processes, and never falls behind what it said when one of them ends', async () => {
    const own = new Registry();
    new Gauge({ name: 'own', help: 'h', registers: [own] }).set(7);
    const joint = new JointMetrics(own);
    const [one, other] = [process(), process()];
    one.counter.inc({ kind: 'a' }, 3);
    other.counter.inc({ kind: 'a' }, 4);
    other.counter.inc({ kind: 'b' }, 5);
    one.gauge.set(10);
    other.gauge.set(20);
    one.healthy.set(1);
    other.healthy.set(0);
    one.seconds.observe(1.5);
    other.seconds.observe(0.5);
    joint.keep(1, await metricValues(one.registry));
    joint.keep(2, await metricValues(other.registry));
    const counted = [
      'zorg_total{kind="a"} 7',
      'zorg_total{kind="b"} 5',
      'zorg_seconds_bucket{le="1"} 1',
      'zorg_seconds_bucket{le="2"} 2',
      'zorg_seconds_bucket{le="+Inf"} 2',
      'zorg_seconds_sum 2',
      'zorg_seconds_count 2',
      'own 7',
    ];
    expect((await lines(joint)).sort()).toEqual([...counted, 'zorg_open 30', 'zorg_healthy 0'].sort());
    joint.leave(2);
    expect((await lines(joint)).sort()).toEqual([...counted, 'zorg_open 10', 'zorg_healthy 1'].sort());
    const third = process();
    third.counter.inc({ kind: 'b' });
    joint.keep(2, await metricValues(third.registry));
    joint.leave(2);
    joint.leave(1);
    expect(await lines(joint)).toEqual(expect.arrayContaining(['zorg_total{kind="a"} 7', 'zorg_total{kind="b"} 6']));
    // Once more, that nothing is counted twice.
    joint.leave(1);
    expect(await lines(joint)).toEqual(expect.arrayContaining(['zorg_total{kind="a"} 7', 'zorg_total{kind="b"} 6']));
  });

  it('leaves out what has no value yet', async () => {
    const registry = new Registry();
    new Gauge({ name: 'lag', help: 'h', registers: [registry] }).set(Number.NaN);
    expect(JSON.parse(JSON.stringify(await metricValues(registry)))).toMatchObject([{ name: 'lag', values: [] }]);
  });
});
