import type { NoticesConfig } from '../config/index.js';
import { CATEGORY_INFO, type Category, type Direction } from '../core/index.js';

/** Notices by language tag, `en` always among them. */
export type Notices = ReadonlyMap<string, string>;

/** The notices of each direction. */
export type NoticesByDirection = Readonly<Record<Direction, Notices>>;

/** What a notice is filled with. */
export interface NoticeValues {
  /** Finds the entry in the record. */
  readonly id: string;
  /** `undefined` when no category is behind the block, but a detector that failed. */
  readonly category: Category | undefined;
}

/** Neutral: they name neither the term nor the category. */
export const BUILT_IN_NOTICES: NoticesByDirection = {
  input: new Map([
    ['en', 'The request was withheld by the content policy. To go on, reword or remove the message. Reference: {id}.'],
    ['zh', '该请求因内容政策未被处理。如需继续，请修改或删除该消息。编号：{id}。'],
    [
      'ja',
      'このリクエストはコンテンツポリシーにより処理されませんでした。続けるには、メッセージを修正または削除してください。参照番号：{id}。',
    ],
  ]),
  output: new Map([
    ['en', 'The reply was withheld by the content policy. Reference: {id}.'],
    ['zh', '该回复因内容政策未予显示。编号：{id}。'],
    ['ja', 'この回答はコンテンツポリシーにより表示されません。参照番号：{id}。'],
  ]),
};

/** Returns the notices with those that a policy writes put over the inherited ones. */
export function overrideNotices(base: NoticesByDirection, written: NoticesConfig = {}): NoticesByDirection {
  const over = (direction: Direction): Notices => {
    const own = Object.entries(written).flatMap(([language, texts]) => {
      const text = texts[direction];
      return text === undefined ? [] : [[Intl.getCanonicalLocales(language)[0] ?? language, text] as const];
    });
    return new Map([...base[direction], ...own]);
  };
  return { input: over('input'), output: over('output') };
}

/** Returns a notice with its placeholders filled: `{id}`, `{category}` and `{clause}`. Never throws. */
export function fillNotice(notice: string, { id, category }: NoticeValues): string {
  const values: Readonly<Record<string, string>> = {
    id,
    category: category ?? 'none',
    clause: category === undefined ? '3.4' : CATEGORY_INFO[category].clause,
  };
  return notice.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
