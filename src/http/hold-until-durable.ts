import type { ServerResponse } from 'node:http';

/**
 * Makes whatever is written to a response wait while something of its exchange is not in the record yet, so that no client
 * has an answer that the record does not know of. When it cannot be recorded, the connection is cut.
 * @param durable resolves once what was recorded so far is durable; undefined when nothing has to be waited for
 */
export function holdUntilDurable(res: ServerResponse, durable: () => Promise<void> | undefined): void {
  const before = { write: res.write, end: res.end };
  let held: (() => boolean)[] | undefined;
  const settle = (): void => {
    const wait = durable();
    if (wait !== undefined) {
      wait.then(settle, fail);
      return;
    }
    const calls = held ?? [];
    held = undefined;
    let more = true;
    for (const call of calls) more = call();
    // Whoever was told to wait is told to go on, unless Node will do that itself.
    if (more && !res.writableEnded) res.emit('drain');
  };
  const fail = (): void => {
    held = undefined;
    res.destroy();
  };
  const hold = (call: () => boolean): boolean => {
    if (held !== undefined) {
      held.push(call);
      return false;
    }
    const wait = durable();
    if (wait === undefined) return call();
    held = [call];
    wait.then(settle, fail);
    return false;
  };
  const write = (...args: unknown[]): boolean => hold(() => Reflect.apply(before.write, res, args));
  const end = (...args: unknown[]): ServerResponse => {
    hold(() => {
      Reflect.apply(before.end, res, args);
      return true;
    });
    return res;
  };
  Object.assign(res, { write, end });
}
