import isEmail from 'validator/lib/isEmail.js';
import isIdentityCard from 'validator/lib/isIdentityCard.js';
import isLuhnNumber from 'validator/lib/isLuhnNumber.js';
import type { Span } from '../core/index.js';

/** What kind of personal data something is; `number` is a long one that fits nothing else. */
export type PersonalDataKind = 'mail' | 'phone' | 'id' | 'card' | 'number';

/** A piece of personal data in a text. */
export interface PersonalData {
  readonly span: Span;
  readonly kind: PersonalDataKind;
}

/** Where numbers without a country code may be from; each reads the text in its own way. */
const COUNTRIES = ['CN', 'US'] as const;

/** Candidates only: the library decides. A host in ASCII ends where that does, for in Chinese the sentence goes on without a space. */
const MAIL =
  /[^\s@<>()[\]{},;:"'“”‘’（）【】《》，。；：、！？]{1,64}@(?:[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24}|[\p{L}\p{N}.-]{1,250}\.\p{L}{2,24})/gu;
/** What people type before the name: in Chinese nothing stands between. */
const MAIL_NAME = /[A-Za-z0-9.!#$%&*+/=?^_`{|}~-]+$/;
/** Digits with single marks between: cards, IDs and what is mistyped of them. */
const DIGITS = /\d(?:[ .\-_/]?\d){7,30}[Xx]?/g;
const MIN_DIGITS = 9;
const DATE = /^(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])$/;

/**
 * Finds mail addresses, and numbers of phones, IDs and cards, in Chinese and English texts; any other number of nine digits and more
 * too, for one that is mistyped is personal all the same. In order, none over another. Never throws.
 */
export function findPersonalData(text: string): PersonalData[] {
  const plain = narrow(text);
  const found: PersonalData[] = [];
  const add = (data: PersonalData): void => {
    if (found.every(({ span }) => span.end <= data.span.start || span.start >= data.span.end)) found.push(data);
  };
  for (const data of findMails(plain)) add(data);
  const phones = findPhones(plain);
  const numbers = findNumbers(plain);
  // What says its country is a phone; else a number that proves itself is what it is, whoever might also call there.
  for (const data of phones) if (plain[data.span.start] === '+') add(data);
  for (const data of numbers) if (data.kind !== 'number') add(data);
  for (const data of [...phones, ...numbers]) add(data);
  return found.sort((left, right) => left.span.start - right.span.start);
}

/** Full-width forms as the ASCII they stand for, unit by unit: offsets stay. */
function narrow(text: string): string {
  return text.replace(/[\uFF01-\uFF5E]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfe_e0));
}

function findMails(text: string): PersonalData[] {
  return [...text.matchAll(MAIL)].flatMap(({ 0: match, index }) => {
    const at = match.lastIndexOf('@');
    const name = MAIL_NAME.exec(match.slice(0, at))?.[0];
    const whole = isMail(match) ? match : `${name ?? ''}${match.slice(at)}`;
    if (whole !== match && (name === undefined || !isMail(whole))) return [];
    const end = index + match.length;
    return [{ kind: 'mail', span: { start: end - whole.length, end } }];
  });
}

/** A name that is not ASCII is mostly the sentence before the address. */
function isMail(text: string): boolean {
  return isEmail(text, { allow_utf8_local_part: false });
}

function findPhones(text: string): PersonalData[] {
  // Loaded when somebody reads what was kept: its tables would wait for that in every server.
  const { findPhoneNumbersInText } = require('libphonenumber-js') as typeof import('libphonenumber-js');
  return COUNTRIES.flatMap((defaultCountry) =>
    findPhoneNumbersInText(text, { defaultCountry }).flatMap(({ startsAt: start, endsAt: end }): PersonalData[] =>
      DATE.test(text.slice(start, end)) ? [] : [{ kind: 'phone', span: { start, end } }],
    ),
  );
}

function findNumbers(text: string): PersonalData[] {
  return [...text.matchAll(DIGITS)].flatMap(({ 0: match, index }): PersonalData[] => {
    const digits = match.replace(/[ .\-_/]/g, '');
    const span = { start: index, end: index + match.length };
    if (/^\d{17}[\dXx]$/.test(digits) && isIdentityCard(digits.toUpperCase(), 'zh-CN')) return [{ kind: 'id', span }];
    const bare = digits.replace(/[Xx]$/, '');
    if (bare.length >= 13 && bare.length <= 19 && isLuhnNumber(bare)) return [{ kind: 'card', span }];
    return bare.length < MIN_DIGITS || DATE.test(match) ? [] : [{ kind: 'number', span }];
  });
}
