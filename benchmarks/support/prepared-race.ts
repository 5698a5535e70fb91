/** One that is timed: what it works on is made beforehand, off the clock. */
export interface Contender<Work> {
  readonly prepare: () => Work | Promise<Work>;
  readonly run: (work: Work) => unknown;
}

/** The least of all turns. */
export interface Turn {
  readonly wallMs: number;
  /** Processor time of this process. */
  readonly cpuMs: number;
}

/** Runs each contender once in every turn, in alternation, after `warmUp` turns that do not count. */
export async function preparedRace<Name extends string>(
  contenders: Readonly<Record<Name, Contender<unknown>>>,
  { turns, warmUp }: { readonly turns: number; readonly warmUp: number },
): Promise<Record<Name, Turn>> {
  const best = new Map<string, Turn>();
  for (let turn = -warmUp; turn < turns; turn += 1) {
    for (const [name, contender] of Object.entries<Contender<unknown>>(contenders)) {
      const work = await contender.prepare();
      const cpu = process.cpuUsage();
      const start = performance.now();
      await contender.run(work);
      const wallMs = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      if (turn < 0) continue;
      const { wallMs: wall = wallMs, cpuMs = Number.POSITIVE_INFINITY } = best.get(name) ?? {};
      best.set(name, { wallMs: Math.min(wall, wallMs), cpuMs: Math.min(cpuMs, (user + system) / 1_000) });
    }
  }
  return Object.fromEntries(best) as Record<Name, Turn>;
}

/** Binds the kind of work of a contender. */
export function contender<Work>(prepare: Contender<Work>['prepare'], run: (work: Work) => unknown): Contender<unknown> {
  return { prepare, run: (work) => run(work as Work) };
}
