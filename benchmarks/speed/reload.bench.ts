import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { startRig } from '../support/http/rig.js';
import type { NodeSubject } from '../support/http/subject.js';
import { ADMIN_TOKEN, screeningConfig, startServeOn } from '../support/http/subjects.js';
import { expectEqual } from '../support/measure.js';

const ROUNDS = 2;
const TERMS = 2_000;
/** A word of no language, of so many letters that no built-in list has it. */
const WORD = 'zorgblatquux';

/** What a change of the files does to requests that are served meanwhile. */
export const benchmark: Benchmark = {
  about:
    'Hot reload of a serving proxy, built-in lists and some of its own: the longest pause of its event loop, and how long until the change holds; bound: the same time without a reload.',
  run: measureReload,
};

async function measureReload(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'));
  const rig = await startRig({ tokens: 0, pace: 'burst' });
  let server: NodeSubject | undefined;
  try {
    const config = join(folder, 'sluice.yaml');
    const list = join(folder, 'own.txt');
    const write = (extra: string): void => writeFileSync(list, `${ownTerms()}${extra}\n`);
    write('');
    const lists = ['builtin', { path: list, category: 'abusive' }];
    writeFileSync(config, JSON.stringify({ ...screeningConfig(), lists }));
    server = await startServeOn(config, rig.upstream);
    const results: Measurement[] = [];
    // Files are looked at twice a second: they are still known as they are now while the admin asks for the reload.
    for (const [name, lines] of [
      ['a list with 2,000 terms gets one more', (round: number) => `${WORD}${round}`],
      ['an allow-phrase more', (round: number) => `!${WORD} tea ${round}`],
    ] as const) {
      const [pauses, still, times]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        write(lines(round));
        const { pauseMs, durationMs } = await pauseOf(server, () => reload(server));
        const { pauseMs: undisturbed } = await pauseOf(server, () => sleep(durationMs));
        pauses.push(pauseMs);
        still.push(undisturbed);
        times.push(durationMs);
      }
      const pause = Math.min(...pauses);
      results.push(
        {
          case: name,
          metric: 'longest pause',
          value: pause,
          unit: 'ms',
          ratios: { 'no reload': pause / Math.max(0.1, Math.min(...still)) },
        },
        { case: name, metric: 'time until it holds', value: Math.min(...times), unit: 'ms', ratios: {} },
      );
    }
    return results;
  } finally {
    await server?.stop();
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  }

  async function pauseOf(
    { port, pauses }: NodeSubject,
    work: () => Promise<unknown>,
  ): Promise<{ pauseMs: number; durationMs: number }> {
    // The load is the same all the time, so that what it costs stands on both sides.
    let isOver = false;
    const job = { port, requests: 20, connections: 1, stream: false, isNew: true };
    const load = (async () => {
      while (!isOver) await rig.load(job);
    })();
    await sleep(200);
    await pauses();
    const startMs = performance.now();
    await work();
    const durationMs = performance.now() - startMs;
    // What comes behind the swap belongs to it.
    await sleep(300);
    const { longestMs, busiestMs } = await pauses();
    isOver = true;
    await load;
    // What others run adds to the first alone.
    return { pauseMs: Number.isNaN(busiestMs) ? longestMs : Math.min(longestMs, busiestMs), durationMs };
  }
}

async function reload(server: NodeSubject | undefined): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${server?.port}/sluice/admin/reload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  expectEqual('status of the reload', answer.status, 200);
  expectEqual('outcome of the reload', ((await answer.json()) as { ok: boolean }).ok, true);
}

function ownTerms(): string {
  return Array.from(
    { length: TERMS },
    (_, index) => `${WORD}${String.fromCharCode(97 + (index % 26))}x${index}\n`,
  ).join('');
}
