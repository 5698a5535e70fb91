import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import {
  CATEGORIES,
  CATEGORY_INDEX,
  type ListCounts,
  type TextClassifier,
  type Verdict,
} from '../../src/core/index.js';
import { buildLexicon, type Lexicon, LexiconScanner, parseList } from '../../src/lexicon/index.js';
import { Moderator } from '../../src/moderator/index.js';
import { type ResolvedPolicy, redactText, resolvePolicies } from '../../src/policy/index.js';
import { carries, checkWire } from './hold-wire-check.js';
import { HOLD_WIRES, type HoldWire } from './hold-wires.js';
import type { HoldText, HoldWorld } from './hold-world.js';
import { checkPairs } from './lone-halves.js';

/** How many checks came to what, so that a run can show that it proved something. */
export type HoldTally = Map<string, number>;

/** Texts that are streamed side by side. */
const CHANNELS = 3;
/** One group of texts in this many also goes through a wire format. */
const WIRED = 4;
/** More than any text here has, UTF-16 units. */
const LONG_TEXT = 1_000_000;

/** Weighs the `x` of a window as `crime` (redacted), the `k` as `violence` (blocked), and list hits as `harassment` (redacted). */
export const classifier: TextClassifier = {
  version: 'fake',
  backend: 'kernel',
  score: (text, counts) => scoreOf(text.length, count(text, 'x'), count(text, 'k'), counts),
  begin: () => {
    let [length, crosses, strokes] = [0, 0, 0];
    return {
      append: (piece) => {
        length += piece.length;
        crosses += count(piece, 'x');
        strokes += count(piece, 'k');
      },
      scores: (counts) => scoreOf(length, crosses, strokes, counts),
    };
  },
  dispose: () => undefined,
};

function count(text: string, letter: string): number {
  let found = 0;
  for (const char of text) if (char === letter) found += 1;
  return found;
}

function scoreOf(length: number, crosses: number, strokes: number, counts: ListCounts = []): Float32Array {
  const scores = new Float32Array(CATEGORIES.length);
  const share = (letters: number): number => Math.min(0.9, (3 * letters) / (length + 6));
  let listed = 0;
  for (let index = 0; index < counts.length; index += 1) listed += counts[index] ?? 0;
  scores[CATEGORY_INDEX.crime] = share(crosses);
  scores[CATEGORY_INDEX.violence] = share(strokes);
  scores[CATEGORY_INDEX.harassment] = Math.min(0.9, listed * 0.22);
  return scores;
}

/**
 * Streams every text of a world, several side by side, whole and in pieces, and throws when what left, or the verdict, is not what
 * the whole text says it must be.
 */
export function checkHoldWorld(world: HoldWorld, tally: HoldTally = new Map()): void {
  const { list, mask, texts } = world;
  const lexicon = buildLexicon([parseList({ text: list, file: 'world.txt', language: 'en', category: 'abusive' })]);
  const moderator = new Moderator({ lexicon, classifier, cacheMaxBytes: 0 });
  for (let from = 0, group = 0; from < texts.length; from += CHANNELS, group += 1) {
    const side = texts.slice(from, from + CHANNELS);
    const number = world.wire + group / WIRED;
    const wire = Number.isInteger(number) ? HOLD_WIRES[number % HOLD_WIRES.length] : undefined;
    try {
      checkGroup({ ...world, moderator, tally }, side);
      for (const text of side) checkForgetting(lexicon, text);
      if (wire !== undefined) checkThroughWire({ ...world, moderator, tally }, side, wire);
    } catch (cause) {
      const where = wire === undefined ? '' : ` and the wire ${wire.name}`;
      const what = `of the list\n${list}\nand the mask '${mask}'${where}, the texts\n${JSON.stringify(side)}`;
      throw new Error(what, { cause });
    }
  }
}

interface Proof extends Pick<HoldWorld, 'mask' | 'byteSizes' | 'escapes'> {
  readonly moderator: Moderator;
  readonly tally: HoldTally;
}

function checkGroup({ moderator, mask, tally }: Proof, side: readonly HoldText[]): void {
  const policies = side.map((text) => policyOf(text, mask));
  const runs = streamTogether(moderator, side, policies);
  for (const [index, run] of runs.entries()) {
    const [text, policy] = [side[index] as HoldText, policies[index] as ResolvedPolicy];
    const { before } = text;
    // What time lets go hangs on when the pieces came.
    if (text.maxHoldMs === undefined) {
      const isSingle = text.sizes.every((size) => size === 1);
      checkSameRun(run, moderator, { ...text, sizes: [isSingle ? text.text.length + 1 : 1] }, policy);
    }
    const verdict = moderator.moderate(text.text, { direction: 'output', policy, before });
    checkAgainstWhole(run, { text, policy, verdict });
    checkPairs(run.pieces, text.text);
    note(tally, run, text);
  }
}

/** A scanner that forgets early finds what one does that keeps all. */
function checkForgetting(lexicon: Lexicon, { text, sizes }: HoldText): void {
  const [keeping, forgetting] = [LONG_TEXT, sizes[0] ?? 1].map(
    (compactAtUnits) => new LexiconScanner(lexicon, { holds: () => true, compactAtUnits }),
  ) as [LexiconScanner, LexiconScanner];
  for (const unit of text.split('')) {
    keeping.feed(unit);
    forgetting.feed(unit);
    strictEqual(forgetting.releasePoint, keeping.releasePoint);
    deepStrictEqual(forgetting.take(), keeping.take());
  }
  keeping.end();
  forgetting.end();
  deepStrictEqual(forgetting.take(), keeping.take());
}

/** At every place where both runs have read the same text, the same must have left. */
function checkSameRun(run: Run, moderator: Moderator, text: HoldText, policy: ResolvedPolicy): void {
  const [other] = streamTogether(moderator, [text], [policy]);
  if (other === undefined) return;
  const { leftAt, pieces: _, ...result } = other;
  const { leftAt: ownLeftAt, pieces: __, ...own } = run;
  deepStrictEqual(own, result);
  for (const [offset, left] of ownLeftAt) {
    if (leftAt.has(offset)) strictEqual(left, leftAt.get(offset), `what has left at ${offset}`);
  }
}

/** Sends texts as one reply in a wire format; all are streamed as the first one is. */
function checkThroughWire(
  { moderator, mask, byteSizes, escapes, tally }: Proof,
  side: readonly HoldText[],
  wire: HoldWire,
): void {
  const [how] = side;
  if (how === undefined || how.maxHoldMs !== undefined) return;
  const policy = policyOf(how, mask);
  const fit = side.filter(({ text }) => carries(wire, text)).slice(0, wire.channels.length);
  const texts = fit.map((text) => {
    const [run] = streamTogether(moderator, [{ ...text, before: '' }], [policy]);
    return { ...text, released: run?.released ?? '', blocked: run?.blocked ?? false };
  });
  checkWire(wire, texts, { moderator, policy, byteSizes, escapes });
  add(tally, `through ${wire.framing.name}`, texts.length);
  add(tally, `through ${wire.name}`, texts.length);
}

interface Run {
  readonly released: string;
  readonly blocked: boolean;
  readonly verdict: Verdict;
  /** What left at once, in turn. */
  readonly pieces: readonly string[];
  /** Length of what had left when so much had been read. */
  readonly leftAt: ReadonlyMap<number, number>;
}

/** Streams texts side by side, a piece of each in turn, a millisecond after the one before it. */
function streamTogether(moderator: Moderator, texts: readonly HoldText[], policies: readonly ResolvedPolicy[]): Run[] {
  let nowMs = 0;
  const clock = { now: () => nowMs };
  const states = texts.map(({ text, sizes, before }, index) => ({
    text,
    sizes,
    at: 0,
    released: '',
    pieces: [] as string[],
    leftAt: new Map<number, number>(),
    stream: moderator.openStream({ direction: 'output', policy: policies[index] as ResolvedPolicy, clock, before }),
  }));
  for (let turn = 0; states.some(({ at, text }) => at < text.length); turn += 1) {
    for (const state of states) {
      const { text, sizes, at, stream, pieces, leftAt } = state;
      if (at >= text.length) continue;
      nowMs += 1;
      state.at = Math.min(text.length, at + (sizes[turn % sizes.length] ?? 1));
      const left = stream.push(text.slice(at, state.at));
      pieces.push(left);
      state.released += left;
      leftAt.set(state.at, state.released.length);
    }
  }
  return states.map(({ stream, released, pieces, leftAt }) => {
    const rest = stream.end();
    const { blocked } = stream;
    return { released: released + rest, blocked, verdict: stream.verdict(), pieces: [...pieces, rest], leftAt };
  });
}

function checkAgainstWhole(
  { released, blocked, verdict }: Run,
  { text: { text, mode }, policy, verdict: whole }: { text: HoldText; policy: ResolvedPolicy; verdict: Verdict },
): void {
  if (verdict.hold?.effect !== 'blocked') strictEqual(blocked, verdict.action === 'block');
  // Nothing of the stream's own: every hit stands in the whole text too.
  for (const hit of verdict.hits) ok(whole.hits.some((other) => JSON.stringify(other) === JSON.stringify(hit)));
  if (mode === 'none') ok(text.startsWith(released));
  if (!blocked) deepStrictEqual(verdict.hits, whole.hits);
  if (verdict.hold?.effect === 'released') {
    if (policy.mask !== '') ok(isRedactedStart(released, text, policy.mask));
    return;
  }
  if (!blocked) {
    deepStrictEqual(verdict, whole);
    strictEqual(released, redactText(text, whole.hits, policy.mask));
    return;
  }
  // A limit that stops a stream lets nothing go either.
  if (verdict.hold === undefined) strictEqual(whole.action, 'block');
  const starts = whole.hits.filter(({ action }) => action === 'block').map(({ span }) => span.start);
  const limit = Math.min(text.length, ...starts);
  const before = whole.hits.filter(({ action, span }) => action === 'redact' && span.start < limit);
  const clipped = before.map((hit) => ({ ...hit, span: { ...hit.span, end: Math.min(hit.span.end, limit) } }));
  ok(redactText(text.slice(0, limit), clipped, policy.mask).startsWith(released));
  if (mode === 'answer') strictEqual(released, '');
}

/** Whether `released` is the start of `text` with some parts of it replaced by the mask. */
function isRedactedStart(released: string, text: string, mask: string): boolean {
  const [first = '', ...parts] = released.split(mask);
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}

function note(tally: HoldTally, { verdict }: Run, { mode }: HoldText): void {
  add(tally, 'texts');
  add(tally, `hold ${mode}`);
  add(tally, `action ${verdict.action}`);
  if (verdict.hold !== undefined) add(tally, `${verdict.hold.cause}, ${verdict.hold.effect}`);
  if (verdict.hits.some(({ startsBefore = 0 }) => startsBefore > 0)) add(tally, 'hit that began before');
  for (const source of new Set(verdict.hits.map(({ source }) => source))) add(tally, `hit of the ${source}`);
}

function add(tally: HoldTally, what: string, count = 1): void {
  tally.set(what, (tally.get(what) ?? 0) + count);
}

const known = new Map<string, ResolvedPolicy>();

/** Flags severity 2, redacts severity 3, `crime` and `harassment`, blocks severity 4 and `violence`. */
function policyOf({ mode, maxHoldChars, maxHoldMs, onHoldLimit }: HoldText, mask: string): ResolvedPolicy {
  const key = JSON.stringify([mode, maxHoldChars, maxHoldMs, onHoldLimit, mask]);
  const made =
    known.get(key) ??
    resolvePolicies({
      policies: {
        default: {
          output: {
            hold: mode,
            maxHoldChars,
            maxHoldMs,
            onHoldLimit,
            abusive: { flag: 0.75, redact: 0.9, block: 0.99 },
            crime: { flag: 0.3, redact: 0.6 },
            harassment: { flag: 0.3, redact: 0.6 },
            violence: { flag: 0.3, block: 0.6 },
          },
          severityScores: { '1': 0.5, '2': 0.75, '3': 0.97, '4': 0.995 },
          mask,
        },
      },
      mode: 'enforce',
      onDetectorError: 'block',
    }).get('default');
  if (made === undefined) throw new Error('no policy');
  known.set(key, made);
  return made;
}
