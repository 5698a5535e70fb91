import { createHook } from 'node:async_hooks';

/** Asynchronous resources made while something runs: promises, timers, immediates, ticks. The same on a busy machine as on an idle one. */
export async function countResources(run: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init() {
      count += 1;
    },
  });
  hook.enable();
  await run();
  hook.disable();
  return count;
}
