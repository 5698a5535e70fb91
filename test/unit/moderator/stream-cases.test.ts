import { Config } from '../../../src/config/index.js';
import { buildLexicon, type Lexicon, loadLexicon, parseList } from '../../../src/lexicon/index.js';
import { Moderator } from '../../../src/moderator/index.js';
import { type ResolvedPolicy, redactText, resolvePolicies } from '../../../src/policy/index.js';
import { frozenClock } from '../../support/clocks.js';
import { checkHoldWorld } from '../../support/hold-check.js';
import { HOLD_WIRES } from '../../support/hold-wires.js';
import type { HoldText } from '../../support/hold-world.js';

/** Severity 3 is redacted, severity 4 blocks. */
const LIST = `
[severity 3]
zorg
quux
quux blat
!quux city
blip | near storm | within 20
frob | unless cake | within 20
*wib
wib*
江大
坏话连篇
カバ
[severity 4]
quux blat gamma
grumpf
`;
const lexicon = buildLexicon([parseList({ text: LIST, file: 'cases.txt', language: 'en', category: 'abusive' })]);
const HOLDS = ['adaptive', 'sentence', 'answer'] as const;
const MASKS = ['#', '', '[redacted]', '＃＃'];

function policyOf(mask: string, hold: (typeof HOLDS)[number] = 'adaptive'): ResolvedPolicy {
  const output = { hold, abusive: { flag: 0.75, redact: 0.9, block: 0.99 } };
  const { mode, onDetectorError } = Config.parse({});
  const policy = resolvePolicies({ policies: { default: { mask, output } }, mode, onDetectorError }).get('default');
  if (policy === undefined) throw new Error('no policy');
  return policy;
}

function moderatorOf(used: Lexicon): Moderator {
  return new Moderator({ lexicon: used, cacheMaxBytes: 0 });
}
const moderator = moderatorOf(lexicon);

/** What leaves of a text that comes in pieces of so many UTF-16 units. */
function stream(text: string, size: number, policy: ResolvedPolicy): string {
  const channel = moderator.openStream({ direction: 'output', policy, clock: frozenClock });
  let left = '';
  for (let at = 0; at < text.length; at += size) left += channel.push(text.slice(at, at + size));
  return left + channel.end();
}

/** What the whole text is redacted to. */
const REDACTED: readonly (readonly [name: string, text: string, expected: string])[] = [
  // Scunthorpe: the word edge saves it, however late it comes.
  ['a term inside a longer word', 'Szorgthorpe and zorgia are towns', 'Szorgthorpe and zorgia are towns'],
  ['a term that a letter turns into another word', 'a zorgs, a zorg', 'a zorgs, a #'],
  ['an open end', 'a wibble here', 'a #ble here'],
  ['an open start', 'a quwib here', 'a qu# here'],
  // What comes after the term and saves or condemns it.
  ['an allow-phrase that completes after the term', 'in quux city now', 'in quux city now'],
  ['an allow-phrase that dies at its last letter', 'in quux citx now', 'in # citx now'],
  ['an allow-phrase cut by the end', 'in quux cit', 'in # cit'],
  ['a condition that comes after the term', 'a blip in the storm', 'a # in the storm'],
  ['a condition that comes too late', 'a blip in the quiet before a storm', 'a blip in the quiet before a storm'],
  ['a condition that never comes', 'a blip', 'a blip'],
  ['an excuse that comes after the term', 'a frob cake', 'a frob cake'],
  ['an excuse that comes too late', 'a frob and then much later some cake', 'a # and then much later some cake'],
  ['an excuse cut by the end', 'a frob cak', 'a # cak'],
  // Terms that begin as other terms do.
  ['a term that is the start of a longer one', 'quux blat here', '# here'],
  ['the longer one cut by the end', 'quux bla', '# bla'],
  ['the longest one cut short', 'quux blat gam here', '# gam here'],
  // The very end of the stream is a word edge.
  ['a term at the very end', 'a zorg', 'a #'],
  ['the start of a term at the very end', 'a zor', 'a zor'],
  ['a term and a mark at the very end', 'a zorg\u0301', 'a #'],
  ['a text that is nothing but a term', 'zorg', '#'],
  ['an empty text', '', ''],
  // Marks and invisible characters that come later belong to the letter before.
  ['a combining mark behind the last letter', 'a quux\u0301 here', 'a # here'],
  ['many of them', `a quux${'\u0301'.repeat(40)} here`, 'a # here'],
  ['a zero-width character inside', 'a qu\u200bux here', 'a # here'],
  ['one behind the last letter', 'a quux\u200b here', 'a # here'],
  ['one that parts the term from more letters', 'a quux\u200bes here', 'a quux\u200bes here'],
  ['a sound mark that makes the letter another one', 'ｶﾊﾞ', '#'],
  ['its absence', 'ｶﾊｶ', 'ｶﾊｶ'],
  // Redactions side by side.
  ['a redaction next to a redaction', 'zorg quux', '# #'],
  ['with nothing between them', '江大 カバ', '# #'],
  ['one over the other', 'quux blat', '#'],
  ['three in a row', 'zorg, zorg, zorg', '#, #, #'],
  // Surrogate pairs.
  ['a term in letters of two units', 'a 𝐪𝐮𝐮𝐱 here', 'a # here'],
  ['emoji around a term', '😀zorg😀', '😀#😀'],
  ['half a pair before a term', '\ud83d zorg', '\ud83d #'],
  ['half a pair at the end', 'zorg \ud83d', '# \ud83d'],
  // Whether a Chinese hit cuts a word, the characters behind it tell.
  ['a hit that the words behind it confirm', '我在江大公园里看书', '我在#公园里看书'],
  ['a hit that joins the halves of two words', '武汉长江大桥很长很长', '武汉长江大桥很长很长'],
  ['one that the end of the text decides', '我在江大', '我在#'],
  ['halves of two words at the end of the text', '长江大桥', '长江大桥'],
  ['a long Chinese term', '他坏话连篇。', '他#。'],
  // Spelled out, the last letter needs its edge too.
  ['a word that is spelled out', 'a z o r g here', 'a # here'],
  ['one with dots', 'so z.o.r.g here', 'so # here'],
  ['one that goes on as another word', 'so z o r gate', 'so z o r gate'],
  ['one cut by the end', 'so z o r', 'so z o r'],
];

describe('a streamed text is redacted as the whole one is', () => {
  it.each(REDACTED)('%s', (_, text, expected) => {
    for (const mask of MASKS) {
      for (const hold of HOLDS) {
        const policy = policyOf(mask, hold);
        const whole = redactText(text, moderator.moderate(text, { direction: 'output', policy }).hits, mask);
        if (mask === '#') expect(whole).toBe(expected);
        for (const size of [1, 2, 3, 7, text.length + 1]) {
          expect({ mask, hold, size, left: stream(text, size, policy) }).toEqual({ mask, hold, size, left: whole });
        }
      }
    }
  });
});

/** What leaves before the block. */
const BLOCKED: typeof REDACTED = [
  ['a term', 'all grumpf here', 'all '],
  ['a term at the very end', 'all grumpf', 'all '],
  ['behind a redaction', 'a zorg grumpf', 'a # '],
  ['behind a term that is still open', 'a quux grumpf', 'a # '],
  ['a term that grows out of a redacted one', 'so quux blat gamma here', 'so '],
  ['behind a word that the characters behind it decide', '看江大grumpf', '看#'],
];

describe('a streamed text stops before what is blocked', () => {
  it.each(BLOCKED)('%s', (_, text, expected) => {
    const policy = policyOf('#');
    for (const size of [1, 2, 3, 7, text.length + 1]) expect(stream(text, size, policy)).toBe(expected);
    expect(stream(text, 1, policyOf('#', 'answer'))).toBe('');
  });
});

describe('through every wire format, and under every limit of holding back, nothing else leaves', () => {
  const free = { before: '', maxHoldChars: undefined, maxHoldMs: undefined, onHoldLimit: 'block' } as const;
  const wayOf = { list: LIST, mask: '#', byteSizes: [1] };

  const cases = [...REDACTED, ...BLOCKED].map(([name, text], index) => [name, text, index] as const);
  it.each(cases)(
    '%s',
    (_, text, index) => {
      // Every wire format has its share of the cases.
      for (let wire = index; wire < index + 3; wire += 1) {
        const mode = HOLDS[wire % HOLDS.length] ?? 'adaptive';
        const texts = [{ ...free, text, mode, sizes: [1 + (wire % 3)] }];
        checkHoldWorld({ ...wayOf, texts, wire: wire % HOLD_WIRES.length, escapes: wire % 2 === 0 });
      }
      const limited: HoldText[] = [];
      for (const mode of [...HOLDS, 'none'] as const) {
        for (const limit of [{ maxHoldChars: 1 }, { maxHoldChars: 6 }, { maxHoldMs: 1 }, { maxHoldMs: 9 }]) {
          const onHoldLimit = (index + limited.length) % 2 === 0 ? 'block' : 'release';
          limited.push({ ...free, text, mode, onHoldLimit, sizes: [1 + (limited.length % 3)], ...limit });
        }
      }
      checkHoldWorld({ ...wayOf, texts: limited, wire: index % HOLD_WIRES.length, escapes: false });
    },
    60_000,
  );
});

it('innocent names stay, letter by letter, with the built-in lists', () => {
  const builtin = moderatorOf(loadLexicon({ lists: ['builtin'], baseDir: '.' }));
  const names = 'From Scunthorpe and Penistone to Middlesex, Cockermouth, Essex and Clitheroe; by Dr. Dickinson.';
  const channel = builtin.openStream({ direction: 'output', policy: policyOf('#'), clock: frozenClock });
  let left = '';
  let most = 0;
  for (const letter of names) {
    left += channel.push(letter);
    most = Math.max(most, channel.heldChars);
  }
  expect(left + channel.end()).toBe(names);
  // The word itself waits, and no more than that.
  expect(most).toBeLessThanOrEqual('Scunthorpe '.length);
});
