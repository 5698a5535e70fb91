import { type Adapter, mayContinue } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import {
  type AlarmClock,
  CATEGORIES,
  type Category,
  type EvidenceRules,
  type TextField,
  type Verdict,
} from '../core/index.js';
import type { Moderator, StreamModerator } from '../moderator/index.js';
import { ChannelText } from './channel-text.js';
import { type Exchange, type RecordDeps, recordVerdict, strongerVerdict } from './exchange.js';
import { HoldAlarm } from './hold-alarm.js';
import { judgeOutputText } from './judge-output-text.js';
import { asLeadIn, type TextBefore, textBefore } from './text-before.js';

/** What is kept of texts from which features may be made. */
const AROUND_HITS: EvidenceRules = { categories: new Set(CATEGORIES), maxChars: 4_000 };
/** What is kept of the end of a text, UTF-16 units: more than a match can reach back. */
const SAID_UNITS = 256;

/** What the channels of a stream need. */
export interface StreamChannelsDeps extends RecordDeps {
  readonly config: Config;
  readonly moderator: Moderator;
  readonly clock: AlarmClock;
}

/** The channels of one event stream: each is judged as one text, and recorded once. */
export class StreamChannels {
  readonly #deps: StreamChannelsDeps;
  readonly #adapter: Adapter;
  readonly #exchange: Exchange;
  readonly #streams = new Map<string, StreamModerator>();
  /** What channels go on from, where hits of theirs may begin. */
  readonly #before = new Map<string, TextBefore>();
  /** The end of what was said on channels that another one may go on from. */
  readonly #said = new Map<string, Pick<TextBefore, 'text' | 'length'>>();
  /** The texts of channels, where evidence is kept. */
  readonly #texts = new Map<string, ChannelText>();
  /** Those that are recorded. Text that a backend sends after the end of one is dropped, or a word could be cut in two there. */
  readonly #recorded = new Set<string>();
  /** The strongest verdict on what is recorded, by answer: a stream of many channels keeps no more of each. */
  readonly #settled = new Map<string, Verdict>();
  #alarm: HoldAlarm | undefined;
  /** The last comment, whether it passed, and the end of what all of them said. */
  #comment: { readonly text: string; readonly mayPass: boolean; readonly said: string } | undefined;

  constructor(deps: StreamChannelsDeps, adapter: Adapter, exchange: Exchange) {
    this.#deps = deps;
    this.#adapter = adapter;
    this.#exchange = exchange;
  }

  /** Channels that are not recorded yet, in the order they began. */
  get open(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Reads the next piece of a channel; returns the text that may leave now. */
  push(channel: string, text: string): string {
    if (this.#recorded.has(channel)) return '';
    const stream = this.#stream(channel);
    const leaving = stream.push(text);
    this.#texts.get(channel)?.append(text);
    this.#noteSaid(channel, text);
    this.#alarm?.set(stream.dueAtMs);
    return leaving;
  }

  /** From now on calls `ring` when text has waited as long as the policy lets it, so that `expire` has something to do. */
  watch(ring: () => void): void {
    this.#alarm = new HoldAlarm(this.#deps.clock, ring);
  }

  /** Calls `ring` of `watch` no more. Idempotent. */
  unwatch(): void {
    this.#alarm?.clear();
    this.#alarm = undefined;
  }

  /** Applies the bound on time to every channel; returns what leaves on that account, by channel. A channel may be blocked by it. */
  expire(): ReadonlyMap<string, string> {
    const leaving = new Map([...this.#streams].map(([channel, stream]) => [channel, stream.expire()]));
    const due = [...this.#streams.values()].flatMap(({ dueAtMs }) => dueAtMs ?? []);
    if (due.length > 0) this.#alarm?.set(Math.min(...due));
    return leaving;
  }

  /** Ends a channel; returns the rest that may leave. */
  end(channel: string): string {
    return this.#recorded.has(channel) ? '' : this.#stream(channel).end();
  }

  /**
   * Judges and records a text that stands alone in an event; returns what may leave in its place.
   * @param beside what stands alone in the same event, by path
   */
  judge(
    field: TextField & { readonly answer?: string },
    beside: ReadonlyMap<string, Pick<TextBefore, 'text' | 'length'>>,
  ): { readonly text: string; readonly blocked: boolean } {
    const said = (path: string) => beside.get(path) ?? this.#said.get(path);
    const before = textBefore(field.path, { exchange: this.#exchange, adapter: this.#adapter, said });
    const { text, verdict } = judgeOutputText(this.#deps, field, { exchange: this.#exchange, before });
    if (field.answer !== undefined) this.#settle(field.answer, verdict);
    return { text, blocked: verdict.applied === 'block' };
  }

  /**
   * Judges the text of a comment, which no reader of events shows; returns whether it may pass. Comments are read on from one to
   * the next; a backend sends the same one again and again.
   */
  mayComment(text: string): boolean {
    const last = this.#comment;
    if (text === '' || text === last?.text) return text === '' || last?.mayPass === true;
    const said = (last?.said ?? '') + text;
    const before = last && { path: 'comment', text: last.said, length: last.said.length };
    const judged = judgeOutputText(this.#deps, { path: 'comment', text }, { exchange: this.#exchange, before });
    const mayPass = judged.text === text;
    this.#comment = { text, mayPass, said: said.slice(-SAID_UNITS) };
    return mayPass;
  }

  isBlocked(channel: string): boolean {
    return this.#streams.get(channel)?.blocked === true;
  }

  /** Records what was found in a channel; once, however often it is called. */
  record(channel: string): void {
    const verdict = this.#streams.get(channel)?.verdict();
    if (verdict === undefined) return;
    const before = this.#before.get(channel);
    this.#streams.delete(channel);
    this.#before.delete(channel);
    const heard = this.#texts.get(channel);
    this.#texts.delete(channel);
    this.#recorded.add(channel);
    this.#settle(this.#adapter.answerOf(channel), verdict);
    const hear = heard && { hear: (category: Category) => heard.hear(category) };
    const about = { verdict, field: channel, before, ...hear, exchange: this.#exchange };
    recordVerdict(this.#deps, { ...about, direction: 'output' });
  }

  /** Ends and records every channel of an answer, also text that was still held; returns the verdict that blocks it, if one does. */
  stop(answer: string): Verdict | undefined {
    const own = this.#of((each) => each === answer);
    const settled = this.#settled.get(answer);
    const blocking =
      own.find(([, stream]) => stream.blocked)?.[1].verdict() ?? (settled?.applied === 'block' ? settled : undefined);
    for (const [channel, stream] of own) {
      stream.end();
      this.record(channel);
    }
    return blocking;
  }

  /** The strongest verdict so far on these answers, or on all; `undefined` when they have no text. */
  verdictOf(answers: readonly string[] | 'all'): Verdict | undefined {
    const wanted = (answer: string): boolean => answers === 'all' || answers.includes(answer);
    const settled = [...this.#settled].flatMap(([answer, verdict]) => (wanted(answer) ? [verdict] : []));
    return [...settled, ...this.#of(wanted).map(([, stream]) => stream.verdict())].reduce<Verdict | undefined>(
      strongerVerdict,
      undefined,
    );
  }

  /** The verdict where there is no text. */
  get noVerdict(): Verdict {
    return this.#deps.moderator.moderate('', { direction: 'output', policy: this.#exchange.policy });
  }

  #noteSaid(channel: string, text: string): void {
    if (this.#adapter.textBefore === undefined || !mayContinue(channel)) return;
    const { text: end, length } = this.#said.get(channel) ?? { text: '', length: 0 };
    this.#said.set(channel, { text: (end + text).slice(-SAID_UNITS), length: length + text.length });
  }

  #settle(answer: string, verdict: Verdict): void {
    this.#settled.set(answer, strongerVerdict(this.#settled.get(answer), verdict));
  }

  #of(wanted: (answer: string) => boolean): [string, StreamModerator][] {
    return [...this.#streams].filter(([channel]) => wanted(this.#adapter.answerOf(channel)));
  }

  #stream(channel: string): StreamModerator {
    const known = this.#streams.get(channel);
    if (known !== undefined) return known;
    const { moderator, clock } = this.#deps;
    const { policy } = this.#exchange;
    const said = (path: string) => this.#said.get(path);
    const before = textBefore(channel, { exchange: this.#exchange, adapter: this.#adapter, said });
    if (before !== undefined) this.#before.set(channel, before);
    const opened = moderator.openStream({ direction: 'output', policy, clock, ...asLeadIn(before) });
    this.#streams.set(channel, opened);
    const { evidence, learner } = this.#deps;
    const kept = evidence ?? (learner && AROUND_HITS);
    if (kept !== undefined) this.#texts.set(channel, new ChannelText(kept, () => opened.verdict().hits));
    return opened;
  }
}
