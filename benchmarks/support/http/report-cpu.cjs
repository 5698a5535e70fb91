// Preloaded into every process under test: says over IPC what processor time it has used, for how long its event loop stood still, and on
// which port it listens.
const { readFileSync } = require('node:fs');
const { Server } = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = 1;
let delays;
let ranMs = 0;
let busiestMs = 0;

const listen = Server.prototype.listen;
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.connected && process.send({ port: this.address().port }));
  return listen.apply(this, args);
};
process.on('message', (message) => {
  if (message === 'cpu') process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() });
  if (message === 'pauses') process.send(pauses());
});
process.on('disconnect', () => process.exit(0));
process.channel?.unref();

/**
 * The longest pause since the last question, counted from the first on. On a busy machine a process stands still because others run;
 * where the kernel says what the thread has run itself, the processor time between two turns of a timer is told too.
 */
function pauses() {
  if (delays === undefined) {
    delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delays.enable();
    ranMs = threadMs();
    setInterval(watch, RESOLUTION_MS).unref();
  }
  const found = { longestMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS), busiestMs };
  delays.reset();
  busiestMs = 0;
  return found;
}

function watch() {
  const now = threadMs();
  busiestMs = Math.max(busiestMs, now - ranMs);
  ranMs = threadMs();
}

/** Milliseconds that the main thread has run so far; NaN where the kernel does not say. */
function threadMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}
