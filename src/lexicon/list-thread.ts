// The thread that `load-apart.ts` starts: builds the lists it was started for, hands the bytes over and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { answerOf } from './list-answer.js';
import type { LexiconOptions } from './load-lexicon.js';

const answer = answerOf(workerData as LexiconOptions);
parentPort?.postMessage(answer, 'packed' in answer ? [answer.packed.bytes] : []);
