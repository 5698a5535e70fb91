import {
  type Adapter,
  type BlockInfo,
  belongsTo,
  type StandaloneText,
  type StreamFormat,
  type StreamStep,
  unambiguous,
} from '../adapters/index.js';
import { StreamError, type Verdict } from '../core/index.js';
import type { EventParser, Framing, StreamEvent } from '../framing/index.js';
import { labelsField } from './ai-label.js';
import { blockInfo } from './block-info.js';
import { askedOf, type Exchange, recordFiltered } from './exchange.js';
import { OpenAnswers } from './open-answers.js';
import { StreamChannels, type StreamChannelsDeps } from './stream-channels.js';
import { StreamCoverage } from './stream-coverage.js';

const WORD = /^[\w.:/=+-]{0,128}$/;
const NOTHING_READ: ReadonlyMap<string, string> = new Map();

/** What one stream is read with. */
export interface ScreenedStreamOptions {
  readonly adapter: Adapter;
  readonly exchange: Exchange;
  readonly framing: Framing;
}

/**
 * An event stream on its way out: bytes go in, wire text that may leave comes out. What has left after a given byte, and
 * the record, never depend on how the bytes were cut. A stream that breaks does not throw; it ends with an error event.
 */
export class ScreenedStream {
  readonly #deps: StreamChannelsDeps;
  readonly #exchange: Exchange;
  readonly #framing: Framing;
  readonly #format: StreamFormat;
  readonly #answerOf: Adapter['answerOf'];
  readonly #labels: boolean;
  readonly #parser: EventParser;
  readonly #channels: StreamChannels;
  readonly #coverage: StreamCoverage;
  /** What the backend has said that it withheld. */
  readonly #filtered = new Set<string>();
  readonly #answers: OpenAnswers;
  /** Standalone texts of the current event that change, by path. */
  #changes: ReadonlyMap<string, string> = new Map();
  #done = false;
  #ended = false;
  #failure: StreamError | undefined;

  constructor(deps: StreamChannelsDeps, { adapter, exchange, framing }: ScreenedStreamOptions) {
    const asked = askedOf(exchange);
    this.#deps = deps;
    this.#exchange = exchange;
    this.#framing = framing;
    this.#format = adapter.openStream(asked);
    this.#answerOf = adapter.answerOf;
    this.#labels = labelsField(exchange);
    this.#channels = new StreamChannels(deps, adapter, exchange);
    this.#coverage = new StreamCoverage(deps, adapter, exchange);
    this.#answers = new OpenAnswers(asked.answers);
    this.#parser = framing.createParser({ maxEventBytes: deps.config.limits.maxEventBytes });
  }

  /** Whether the stream was ended here, by a block or because it broke; nothing may follow. */
  get blocked(): boolean {
    return this.#ended;
  }

  /** Why the stream broke, if it did. */
  get failure(): StreamError | undefined {
    return this.#failure;
  }

  /** The strongest verdict so far on these answers, or on all, with what of the stream was not judged; `undefined` when there is neither. */
  verdictOf(answers: readonly string[] | 'all'): Verdict | undefined {
    const verdict = this.#channels.verdictOf(answers);
    const unscreened = this.#coverage.unscreened.filter(
      ({ field }) => answers === 'all' || answers.includes(this.#answerOf(field)),
    );
    return unscreened.length === 0 ? verdict : { ...(verdict ?? this.#channels.noVerdict), unscreened };
  }

  /** Calls `send` with what leaves although nothing has come, because the text of it has waited as long as it may. */
  onLate(send: (wire: string) => void): void {
    this.#channels.watch(() => {
      if (this.#ended) return;
      const wire = this.#expire();
      if (wire !== '') send(wire);
    });
  }

  /** Takes bytes of the backend and returns what may be sent now. */
  push(chunk: Uint8Array): string {
    return this.#guard((events) => this.#parser.feed(chunk, events));
  }

  /** Returns the rest after the last byte. */
  end(): string {
    this.#channels.unwatch();
    const wire = this.#guard((events) => this.#parser.end(events));
    const rest = this.#close();
    this.#coverage.record();
    return wire + rest;
  }

  /** Returns the rest of a stream that was cut: the text that is judged, then an error event. An incomplete event is lost. */
  cut(): string {
    this.#channels.unwatch();
    if (this.#ended) return '';
    this.#coverage.record();
    return this.#fail(new StreamError('The stream of the backend broke off.'));
  }

  /** The events that `parse` delivers are worked off even if it then throws: they came first. */
  #guard(parse: (events: StreamEvent[]) => unknown): string {
    if (this.#ended) return '';
    const events: StreamEvent[] = [];
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

  #event(received: StreamEvent): string {
    // Nothing may follow the last event, and what a client does not read need not be judged.
    if (this.#done) return '';
    if (received.comment !== undefined) return this.#comment(received.comment);
    return this.#eventAgain(received) ?? this.#eventAnew(received, NOTHING_READ);
  }

  /** Nearly every event goes on with the text of the one before and does nothing else; `undefined` for one that does. */
  #eventAgain(received: StreamEvent): string | undefined {
    const format = this.#format;
    if (format.readAgain === undefined || this.#answers.stopped.size > 0) return undefined;
    if (!WORD.test(received.event ?? '') || !WORD.test(received.id ?? '')) return undefined;
    const delta = format.readAgain(received);
    if (delta === undefined) return undefined;
    const { channel, text } = delta;
    const leaving = this.#channels.push(channel, text);
    if (this.#channels.isBlocked(channel)) return this.#eventAnew(received, new Map([[channel, leaving]]));
    return this.#framing.encode(format.writeAgain?.(received, delta, leaving) ?? received);
  }

  /** @param read what leaves on channels whose text was read already */
  #eventAnew(received: StreamEvent, read: ReadonlyMap<string, string>): string {
    const { maxJsonDepth } = this.#deps.config.limits;
    const named = this.#withNames(received);
    const event = this.#format.isText === true ? named : unambiguous(named, maxJsonDepth);
    const step = this.#format.read(event);
    this.#coverage.note(event, step);
    this.#noteFiltered(step);
    this.#answers.see(step.answers);
    const wire = this.#screen(step, read);
    if (step.ends !== 'all') this.#answers.finish(step.ends);
    if (this.#ended || this.#done || !this.#answers.nothingLeft) return wire;
    // Once the client can get nothing more, a backend that still works on a stopped answer is not waited for.
    return this.#answers.workInVain || step.last ? wire + this.#frameEnd() : wire;
  }

  /** Comments keep the connection alive, also without their text. */
  #comment(text: string): string {
    return this.#framing.encode({ data: '', comment: this.#channels.mayComment(text) ? text : '' });
  }

  /** Names and ids of events are no texts as long as they are words; what else they may be is judged. */
  #withNames(event: StreamEvent): StreamEvent {
    const { event: name, id } = event;
    if (WORD.test(name ?? '') && WORD.test(id ?? '')) return event;
    const mayPass = (path: string, text: string | undefined): boolean =>
      text !== undefined && (WORD.test(text) || this.#channels.judge({ path, text }, new Map()).text === text);
    return {
      data: event.data,
      ...(mayPass('event name', name) ? { event: name ?? '' } : {}),
      ...(mayPass('event id', id) ? { id: id ?? '' } : {}),
    };
  }

  /** A backend may say so on more than one event. */
  #noteFiltered({ filtered }: StreamStep): void {
    const parts = filtered.filter(({ field }) => !this.#filtered.has(field));
    for (const { field } of parts) this.#filtered.add(field);
    recordFiltered(this.#deps, { exchange: this.#exchange, parts });
  }

  #screen({ deltas, fields, ends, last }: StreamStep, read: ReadonlyMap<string, string>): string {
    const count = this.#answers.stopped.size;
    const texts = new Map<string, string>();
    // First of all, for what is said of a text, such as the name of a call, leaves together with it.
    this.#changes = this.#judgeFields(fields);
    const whole = this.#answers.stoppedSince(count);
    for (const { channel, text } of deltas) {
      const answer = this.#answerOf(channel);
      if (this.#answers.stopped.has(answer) && !whole.includes(answer)) continue;
      const leaving = read.get(channel) ?? this.#channels.push(channel, text);
      this.#noteBlock(channel);
      if (this.#channels.isBlocked(channel)) this.#endEarlier(answer, ends, texts);
      texts.set(channel, leaving);
    }
    let wire = this.#flush(ends, texts);
    // The vetted start of a stopped answer leaves in an event of its own; the rest of the event stays as it is.
    const stopped = this.#answers.stoppedSince(count);
    for (const [channel, text] of texts) {
      const answer = this.#answerOf(channel);
      if (stopped.includes(answer) && !whole.includes(answer)) wire += this.#frame(channel, text);
    }
    for (const answer of stopped) wire += this.#stop(answer);
    if (this.#ended) return wire;
    const rest = this.#format.write({ texts, fields: this.#changes, without: this.#answers.stopped });
    if (rest === undefined) return wire;
    if (last) this.#done = true;
    return wire + this.#leave([this.#endsAnswer(ends) ? this.#format.annotate(rest, { aiGenerated: true }) : rest]);
  }

  /** Whether the current event ends an answer that is to say that a model generated it. */
  #endsAnswer(ends: StreamStep['ends']): boolean {
    return this.#labels && ends !== 'all' && ends.some((end) => this.#answerOf(end) === end);
  }

  /** Returns the texts that change, by path. */
  #judgeFields(fields: readonly StandaloneText[]): ReadonlyMap<string, string> {
    const changes = new Map<string, string>();
    const said = new Map(fields.map(({ path, text }) => [path, { text, length: text.length }]));
    for (const field of fields) {
      if (field.answer !== undefined && this.#answers.stopped.has(field.answer)) continue;
      const { text, blocked } = this.#channels.judge(field, said);
      if (blocked && field.answer !== undefined) this.#answers.stop(field.answer);
      else if (text !== field.text) changes.set(field.path, text);
    }
    return changes;
  }

  #expire(): string {
    const count = this.#answers.stopped.size;
    let wire = '';
    for (const [channel, text] of this.#channels.expire()) {
      wire += this.#frame(channel, text);
      this.#noteBlock(channel);
    }
    for (const answer of this.#answers.stoppedSince(count)) wire += this.#stop(answer);
    return !this.#ended && this.#answers.nothingLeft && this.#answers.workInVain ? wire + this.#frameEnd() : wire;
  }

  /** Ends channels; their held text joins the event's own text, or leaves in an event of its own. */
  #flush(ends: readonly string[] | 'all', texts: Map<string, string>): string {
    if (ends.length === 0) return '';
    let wire = '';
    for (const channel of this.#channels.open) {
      if (ends !== 'all' && !ends.some((owner) => belongsTo(channel, owner))) continue;
      if (this.#answers.stopped.has(this.#answerOf(channel))) continue;
      const rest = this.#channels.end(channel);
      this.#noteBlock(channel);
      const own = texts.get(channel);
      if (own !== undefined) texts.set(channel, own + rest);
      else wire += this.#frame(channel, rest);
      if (!this.#answers.stopped.has(this.#answerOf(channel))) this.#channels.record(channel);
    }
    return wire;
  }

  /** Texts of an answer that ended before the one that is blocked leave whole, as the strings of a tool call do in turn. */
  #endEarlier(answer: string, ends: readonly string[] | 'all', texts: Map<string, string>): void {
    for (const [channel, text] of texts)
      if (ends !== 'all' && ends.includes(channel) && this.#answerOf(channel) === answer)
        texts.set(channel, text + this.#channels.end(channel));
  }

  #noteBlock(channel: string): void {
    if (this.#channels.isBlocked(channel)) this.#answers.stop(this.#answerOf(channel));
  }

  /** Returns the end of a stopped answer, and records what was found in it; a block that is told as an error ends everything. */
  #stop(answer: string): string {
    const blocking = this.#channels.stop(answer);
    if (blocking === undefined || this.#ended) return '';
    const info: BlockInfo = blockInfo({
      verdict: blocking,
      direction: 'output',
      exchange: this.#exchange,
      clock: this.#deps.clock,
    });
    const wire = this.#leave(this.#format.frameBlocked(answer, info));
    const isOver = info.blockAs === 'error' && this.#format.goesOnAfterErrors !== true;
    return isOver ? wire + this.#frameEnd() : wire;
  }

  #frameEnd(): string {
    this.#ended = true;
    this.#coverage.record();
    this.#channels.unwatch();
    return this.#leave(this.#format.frameEnd());
  }

  #close(): string {
    if (this.#ended) return '';
    const wire = this.#flushAll();
    if (this.#ended) return wire;
    if (this.#answers.nothingLeft && !this.#done) return wire + this.#frameEnd();
    this.#ended = true;
    return wire;
  }

  #fail(failure: StreamError): string {
    this.#failure = failure;
    const wire = this.#flushAll();
    if (this.#ended) return wire;
    const over = this.#done || this.#answers.nothingLeft;
    if (over) return wire + (this.#done ? '' : this.#frameEnd());
    this.#ended = true;
    this.#coverage.record();
    const info = { status: 502, type: 'api_error', code: 'stream_broken', message: failure.message };
    return wire + this.#leave(this.#format.frameError(info));
  }

  #flushAll(): string {
    const count = this.#answers.stopped.size;
    let wire = this.#flush('all', new Map());
    for (const answer of this.#answers.stoppedSince(count)) wire += this.#stop(answer);
    return wire;
  }

  #frame(channel: string, text: string): string {
    return text === '' ? '' : this.#leave(this.#format.frameText(channel, text, this.#changes));
  }

  #leave(events: readonly StreamEvent[]): string {
    let wire = '';
    for (const event of events) wire += this.#framing.encode(this.#format.leave(event));
    return wire;
  }
}
