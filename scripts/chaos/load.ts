import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BLOCKED_TERM, REDACTED_TERM } from './backend.js';

/** What came of the requests of one scene. */
export interface Tally {
  /** Answers that tell of a hit, read to their end: each must be in the record. */
  hits: number;
  /** Answers without a hit. */
  harmless: number;
  /** 503: the record has no room. */
  refused: number;
  /** No answer, or a broken one: its replica is gone. */
  failed: number;
  /** The same where a stream was asked for, which is cut when it cannot be recorded. */
  cut: number;
  /** What must never be: a term that got through, or an answer nobody expects. */
  wrong: string[];
  /** Slowest answer in milliseconds. */
  slowestMs: number;
}

/** How a request is made, and what a whole answer to it looks like. */
interface Kind {
  readonly body: object;
  readonly isStream?: boolean;
  readonly isHit: boolean;
  readonly isExpected: (status: number, text: string) => boolean;
}

const say = (content: string, extra = {}): object => ({ model: 'm', messages: [{ role: 'user', content }], ...extra });

const KINDS: readonly Kind[] = [
  { body: say(`a ${BLOCKED_TERM}`), isHit: true, isExpected: (status) => status === 400 },
  { body: say('hello'), isHit: false, isExpected: (status, text) => status === 200 && text.includes('nothing') },
  {
    body: say('please redact'),
    isHit: true,
    isExpected: (status, text) => status === 200 && text.endsWith('}') && !text.includes(REDACTED_TERM),
  },
  {
    body: say('please redact', { stream: true }),
    isStream: true,
    isHit: true,
    isExpected: (status, text) => status === 200 && text.endsWith('data: [DONE]\n\n') && !text.includes(REDACTED_TERM),
  },
];

/** What a client does between two requests, in milliseconds. */
const PAUSE_MS = 15;
const TIMEOUT_MS = 30_000;

/** Clients that ask replicas in turn, without an end. */
export class Load {
  /** Ids of requests whose answers told of a hit. */
  readonly acknowledged = new Set<string>();
  readonly #urls: readonly string[];
  readonly #clients: Promise<void>[];
  #tally = freshTally();
  #running = true;

  constructor(urls: readonly string[], clients: number) {
    this.#urls = urls;
    this.#clients = Array.from({ length: clients }, (_, number) => this.#client(number));
  }

  /** What came since the last call. */
  take(): Tally {
    const taken = this.#tally;
    this.#tally = freshTally();
    return taken;
  }

  /** What came so far, since the last `take`. */
  get soFar(): Readonly<Tally> {
    return this.#tally;
  }

  /** Resolves once the last answers are read. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async #client(number: number): Promise<void> {
    for (let turn = number; this.#running; turn += 1) {
      const url = this.#urls[turn % this.#urls.length] ?? '';
      const kind = KINDS[Math.floor(turn / this.#urls.length) % KINDS.length];
      if (kind !== undefined) await this.#ask(url, kind);
      await delay(PAUSE_MS);
    }
  }

  async #ask(url: string, { body, isStream = false, isHit, isExpected }: Kind): Promise<void> {
    const start = performance.now();
    let status: number;
    let text: string;
    let id: string;
    try {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        // A client of its own each time, so that no limit is reached.
        headers: { 'content-type': 'application/json', authorization: `Bearer ${randomUUID()}` },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = answer.status;
      id = answer.headers.get('x-request-id') ?? '';
      text = await answer.text();
    } catch {
      this.#tally[isStream ? 'cut' : 'failed'] += 1;
      return;
    }
    this.#tally.slowestMs = Math.max(this.#tally.slowestMs, Math.round(performance.now() - start));
    if (status === 503 && text.includes('record_unavailable')) this.#tally.refused += 1;
    else if (!isExpected(status, text)) this.#tally.wrong.push(`${status} ${text.slice(0, 200)}`);
    else if (isHit) {
      this.#tally.hits += 1;
      this.acknowledged.add(id);
    } else this.#tally.harmless += 1;
  }
}

function freshTally(): Tally {
  return { hits: 0, harmless: 0, refused: 0, failed: 0, cut: 0, wrong: [], slowestMs: 0 };
}
