// The bound of the proxy benchmarks as a process of its own.
import { createBareRelay } from '../bare-relay.js';

createBareRelay(process.env['BENCH_UPSTREAM'] ?? '', Number(process.env['BENCH_CONNECTIONS'] ?? '128')).listen(
  0,
  '127.0.0.1',
);
