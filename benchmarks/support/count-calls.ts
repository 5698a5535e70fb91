/** How often JSON was parsed and written while something ran; the same on a busy machine as on an idle one. */
export interface JsonCalls {
  readonly parses: number;
  readonly writes: number;
}

/** Counts calls of `JSON.parse` and `JSON.stringify` in this process. */
export async function countJsonCalls(run: () => Promise<unknown>): Promise<JsonCalls> {
  const { parse, stringify } = JSON;
  let [parses, writes] = [0, 0];
  const counted = <T extends typeof parse | typeof stringify>(call: T, count: () => void): T =>
    new Proxy(call, {
      apply(target, self, args) {
        count();
        return Reflect.apply(target, self, args);
      },
    });
  JSON.parse = counted(parse, () => {
    parses += 1;
  });
  JSON.stringify = counted(stringify, () => {
    writes += 1;
  });
  try {
    await run();
  } finally {
    Object.assign(JSON, { parse, stringify });
  }
  return { parses, writes };
}
