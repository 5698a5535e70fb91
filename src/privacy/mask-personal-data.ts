import type { Span } from '../core/index.js';
import { findPersonalData, type PersonalDataKind } from './find-personal-data.js';

/** A text whose personal data is masked. */
export interface MaskedText {
  readonly text: string;
  /** The given spans, as they lie in the masked text. */
  readonly spans: readonly Span[];
  /** How many pieces were masked. */
  readonly masked: number;
}

const MASKS: Readonly<Record<PersonalDataKind, string>> = {
  mail: '[mail]',
  phone: '[phone]',
  id: '[id number]',
  card: '[card number]',
  number: '[number]',
};

/** Puts the name of its kind in place of each piece of personal data. Never throws. */
export function maskPersonalData(text: string, spans: readonly Span[] = []): MaskedText {
  const found = findPersonalData(text);
  let masked = '';
  let end = 0;
  /** By how much what stands behind each piece moves. */
  const moves: { readonly span: Span; readonly start: number; readonly end: number }[] = [];
  for (const { span, kind } of found) {
    masked += text.slice(end, span.start);
    moves.push({ span, start: masked.length, end: masked.length + MASKS[kind].length });
    masked += MASKS[kind];
    end = span.end;
  }
  masked += text.slice(end);
  const moved = (at: number, side: 'start' | 'end'): number => {
    const last = moves.findLast(({ span }) => span.start < at || (side === 'start' && span.start === at));
    if (last === undefined) return at;
    // Within a piece that is masked: all of the mask belongs to the span.
    if (at < last.span.end || (side === 'end' && at === last.span.end)) return last[side];
    return last.end + at - last.span.end;
  };
  return {
    text: masked,
    spans: spans.map(({ start, end: to }) => ({ start: moved(start, 'start'), end: moved(to, 'end') })),
    masked: found.length,
  };
}
