import type { Random } from '../../../src/commands/eval-random.js';
import type { Row } from './read-rows.js';

const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };
const ZERO_WIDTH = '\u200b';

/** Shares of training rows that get one changed copy. */
const SHARES = { disguised: 0.08, truncated: 0.08, joined: 0.1 } as const;

/** Changed copies of some rows: disguised letters, a cut end, and two rows as one text. */
export function augment(rows: readonly Row[], random: Random): Row[] {
  const copies: Row[] = [];
  for (const row of rows) {
    const draw = random.next();
    if (draw < SHARES.disguised) copies.push({ ...row, text: disguise(row.text, random) });
    else if (draw < SHARES.disguised + SHARES.truncated) {
      // Only where the first half surely keeps what the label says: harmless texts.
      if (row.any === 0) copies.push({ ...row, text: firstPart(row.text, random) });
    } else if (draw < SHARES.disguised + SHARES.truncated + SHARES.joined) {
      const other = rows[random.below(rows.length)];
      if (other !== undefined && other.lang === row.lang && other.any === 0) copies.push(join(row, other, random));
    }
  }
  return copies;
}

/** `text` with some letters replaced, doubled, swapped or split by an invisible character. */
function disguise(text: string, random: Random): string {
  const kind = random.below(3);
  let changed = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    const next = text.charAt(at + 1);
    if (random.next() > 0.15 || !/[a-z]/u.test(letter)) changed += letter;
    else if (kind === 0) changed += LEET[letter] ?? letter;
    else if (kind === 1) changed += letter + ZERO_WIDTH;
    else if (/[a-z]/u.test(next)) {
      changed += next + letter;
      at++;
    } else changed += letter + letter;
  }
  return changed;
}

function firstPart(text: string, random: Random): string {
  const cut = Math.floor(text.length * (0.3 + 0.5 * random.next()));
  return text.slice(0, Math.max(cut, 20));
}

/** One text of a row and a harmless one: what either violates, the whole violates. */
function join(row: Row, harmless: Row, random: Random): Row {
  const [first, second] = random.next() < 0.5 ? [row, harmless] : [harmless, row];
  const short = (text: string): string => text.slice(0, 250);
  return { ...row, text: `${short(first.text)}\n${short(second.text)}` };
}
