import { type Adapter, belongsTo } from '../adapters/index.js';
import { StreamError, type Verdict } from '../core/index.js';
import { encodeSse, type SseEvent, SseParser } from '../sse/index.js';
import { blockInfo, type Exchange, recordFiltered } from './exchange.js';
import { OpenAnswers } from './open-answers.js';
import { StreamChannels, type StreamChannelsDeps } from './stream-channels.js';

/** What a stream needs. */
export interface ScreenedStreamDeps extends StreamChannelsDeps {
  /** Judges every string of a value whose shape nobody knows. */
  readonly screenLoose: (value: unknown, exchange: Exchange) => { readonly value: unknown };
}

/**
 * An event stream on its way out: bytes go in, wire text that may leave comes out. What has left after a given byte, and
 * the record, never depend on how the bytes were cut. A stream that breaks does not throw; it ends with an error event.
 */
export class ScreenedStream {
  readonly #deps: ScreenedStreamDeps;
  readonly #adapter: Adapter;
  readonly #exchange: Exchange;
  readonly #parser: SseParser;
  readonly #channels: StreamChannels;
  /** What the backend has said that it withheld. */
  readonly #filtered = new Set<string>();
  readonly #answers: OpenAnswers;
  #template: SseEvent | undefined;
  #usage: SseEvent | undefined;
  #done = false;
  #ended = false;
  #failure: StreamError | undefined;

  constructor(deps: ScreenedStreamDeps, adapter: Adapter, exchange: Exchange) {
    this.#deps = deps;
    this.#adapter = adapter;
    this.#exchange = exchange;
    this.#channels = new StreamChannels(deps, adapter, exchange);
    this.#answers = new OpenAnswers(exchange.asked?.answers ?? 1);
    this.#parser = new SseParser({ maxEventBytes: deps.config.limits.maxEventBytes });
  }

  /** Whether the stream was ended here, by a block or because it broke; nothing may follow. */
  get blocked(): boolean {
    return this.#ended;
  }

  /** Why the stream broke, if it did. */
  get failure(): StreamError | undefined {
    return this.#failure;
  }

  /** The strongest verdict so far on these answers, or on all; `undefined` when they have no text. */
  verdictOf(answers: readonly string[] | 'all'): Verdict | undefined {
    return this.#channels.verdictOf(answers);
  }

  /** Takes bytes of the backend and returns what may be sent now. */
  push(chunk: Uint8Array): string {
    return this.#guard((events) => this.#parser.feed(chunk, events));
  }

  /** Returns the rest after the last byte. */
  end(): string {
    const wire = this.#guard((events) => this.#parser.end(events));
    return wire + this.#close();
  }

  /** Returns the rest of a stream that was cut: the text that is judged, then an error event. An incomplete event is lost. */
  cut(): string {
    if (this.#ended) return '';
    return this.#fail(new StreamError('The stream of the backend broke off.'));
  }

  /** The events that `parse` delivers are worked off even if it then throws: they came first. */
  #guard(parse: (events: SseEvent[]) => unknown): string {
    if (this.#ended) return '';
    const events: SseEvent[] = [];
    let failure: unknown;
    try {
      parse(events);
    } catch (error) {
      failure = error;
    }
    let wire = '';
    try {
      for (const event of events) {
        if (this.#ended) return wire;
        wire += this.#event(event);
      }
    } catch (error) {
      failure = error;
    }
    if (failure === undefined || this.#ended) return wire;
    if (!(failure instanceof StreamError)) throw failure;
    return wire + this.#fail(failure);
  }

  #event(received: SseEvent): string {
    // Nothing may follow the last event, and what a client does not read need not be judged.
    if (this.#done) return '';
    if (received.comment !== undefined) return encodeSse(received);
    let event = received;
    if (event.data.trim() === '[DONE]') this.#done = true;
    else {
      const value = parseEvent(event);
      this.#noteFiltered(value);
      event = this.#screenError(event, value);
      this.#template = event;
    }
    if (this.#adapter.carriesUsage(event)) this.#usage = event;
    this.#answers.see(this.#adapter.answersIn(event));
    const ends = this.#adapter.endsChannels(event);
    const open = this.#adapter.dropAnswers(event, this.#answers.stopped);
    const wire = open === undefined ? '' : this.#screen(open, ends ?? []);
    if (ends !== 'all') this.#answers.finish(ends ?? []);
    return wire + this.#endIfNothingIsLeft();
  }

  /** An error of the backend may repeat the prompt or the reply. */
  /** A backend may say so on more than one event. */
  #noteFiltered(value: unknown): void {
    const parts = this.#adapter.filteredParts(value).filter(({ field }) => !this.#filtered.has(field));
    for (const { field } of parts) this.#filtered.add(field);
    recordFiltered(this.#deps, { exchange: this.#exchange, parts });
  }

  #screenError(event: SseEvent, value: unknown): SseEvent {
    if (!isError(value)) return event;
    const judge = (part: unknown): unknown => this.#deps.screenLoose(part, this.#exchange).value;
    const bare = this.#adapter.answersIn(event).length === 0;
    return { ...event, data: JSON.stringify(bare ? judge(value) : { ...value, error: judge(value.error) }) };
  }

  #screen(event: SseEvent, ends: readonly string[] | 'all'): string {
    const before = new Set(this.#answers.stopped);
    const texts = new Map<string, string>();
    for (const { channel, text } of this.#adapter.readDelta(event)) {
      texts.set(channel, this.#channels.push(channel, text));
      this.#noteBlock(channel);
    }
    let wire = this.#flush(ends, texts);
    // The vetted start of a stopped answer leaves in an event of its own; the rest of the event stays as it is.
    const stopped = [...this.#answers.stopped].filter((answer) => !before.has(answer));
    for (const [channel, text] of texts) {
      if (stopped.includes(this.#adapter.answerOf(channel))) wire += this.#frame(channel, text, event);
    }
    wire += stopped.map((answer) => this.#stop(answer)).join('');
    const rest = this.#adapter.dropAnswers(event, new Set(stopped));
    return rest === undefined ? wire : wire + encodeSse(this.#adapter.writeDelta(rest, texts));
  }

  /** Ends channels; their held text joins the event's own text, or leaves in an event of its own. */
  #flush(ends: readonly string[] | 'all', texts: Map<string, string>): string {
    let wire = '';
    for (const channel of this.#channels.open) {
      if (ends !== 'all' && !ends.some((owner) => belongsTo(channel, owner))) continue;
      if (this.#answers.stopped.has(this.#adapter.answerOf(channel))) continue;
      const rest = this.#channels.end(channel);
      this.#noteBlock(channel);
      const own = texts.get(channel);
      if (own !== undefined) texts.set(channel, own + rest);
      else wire += this.#frame(channel, rest, this.#template);
      if (!this.#answers.stopped.has(this.#adapter.answerOf(channel))) this.#channels.record(channel);
    }
    return wire;
  }

  #noteBlock(channel: string): void {
    if (this.#channels.isBlocked(channel)) this.#answers.stop(this.#adapter.answerOf(channel));
  }

  /** Returns the end of a stopped answer, and records what was found in it. */
  #stop(answer: string): string {
    const blocking = this.#channels.stop(answer);
    if (blocking === undefined) return '';
    const info = blockInfo(blocking, 'output', this.#exchange);
    return this.#adapter.frameBlocked([answer], info, this.#template).map(encodeSse).join('');
  }

  /** Once the client can get nothing more, a backend that still works on a stopped answer is not waited for. */
  #endIfNothingIsLeft(): string {
    return !this.#done && this.#answers.nothingLeft && this.#answers.workInVain ? this.#frameEnd() : '';
  }

  #frameEnd(): string {
    this.#ended = true;
    // A usage that has not come is left out: a made-up one would be a lie.
    const usage = this.#exchange.asked?.usage === true ? this.#usage : undefined;
    return this.#adapter.frameEnd(usage).map(encodeSse).join('');
  }

  #close(): string {
    if (this.#ended) return '';
    const wire = this.#flushAll();
    if (this.#answers.nothingLeft && !this.#done) return wire + this.#frameEnd();
    this.#ended = true;
    return wire;
  }

  #fail(failure: StreamError): string {
    this.#failure = failure;
    const wire = this.#flushAll();
    const over = this.#done || this.#answers.nothingLeft;
    if (over) return wire + (this.#done ? '' : this.#frameEnd());
    this.#ended = true;
    const info = { status: 502, type: 'api_error', code: 'stream_broken', message: failure.message };
    return wire + this.#adapter.frameError(info).map(encodeSse).join('');
  }

  #flushAll(): string {
    const before = new Set(this.#answers.stopped);
    const wire = this.#flush('all', new Map());
    return (
      wire +
      [...this.#answers.stopped]
        .filter((answer) => !before.has(answer))
        .map((answer) => this.#stop(answer))
        .join('')
    );
  }

  #frame(channel: string, text: string, template: SseEvent | undefined): string {
    if (text === '' || template === undefined) return '';
    return encodeSse(this.#adapter.frameDelta(channel, text, template));
  }
}

function parseEvent(event: SseEvent): unknown {
  try {
    return JSON.parse(event.data);
  } catch {
    throw new StreamError('An event of the stream is not valid JSON.');
  }
}

function isError(value: unknown): value is { readonly error: unknown } {
  return (
    typeof value === 'object' && value !== null && 'error' in value && value.error !== undefined && value.error !== null
  );
}
