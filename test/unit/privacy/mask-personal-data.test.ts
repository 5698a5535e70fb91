import { maskPersonalData } from '../../../src/privacy/index.js';

describe('maskPersonalData', () => {
  it.each([
    ['a mail address', 'write to zorg.blat+x@example.com, please', 'write to [mail], please'],
    ['a mail address in Chinese', '邮箱zorg_1@example.com.cn，谢谢', '邮箱[mail]，谢谢'],
    ['a mail address before Chinese', '发到zorg@example.com谢谢', '发到[mail]谢谢'],
    ['a full-width mail address', '邮箱：ｚｏｒｇ＠example.com', '邮箱：[mail]'],
    ['a Chinese mobile', '我的手机13812345678谢谢', '我的手机[phone]谢谢'],
    ['a Chinese mobile with marks', '电话：138-1234-5678。', '电话：[phone]。'],
    ['a Chinese mobile in full width', '手机１３８１２３４５６７８', '手机[phone]'],
    ['a Chinese mobile with its country', '+86 138 1234 5678', '[phone]'],
    ['a Chinese landline', '固话010-62345678', '固话[phone]'],
    ['an American phone', 'call (415) 555-2671 now', 'call [phone] now'],
    ['a phone of elsewhere', 'call +49 30 901820 now', 'call [phone] now'],
    ['a Chinese ID', '身份证11010519491231002X号', '身份证[id number]号'],
    ['a Chinese ID with a small x', '11010519491231002x', '[id number]'],
    ['a Chinese ID that is mistyped', '身份证110105194912310021', '身份证[number]'],
    ['a card', 'card 4111 1111 1111 1111 exp', 'card [card number] exp'],
    ['a card of 19 digits', '卡号6222021234567890128', '卡号[card number]'],
    ['a long number', 'order 99988877766655', 'order [number]'],
    ['two of them', 'a@example.com 13812345678', '[mail] [phone]'],
  ])('masks %s', (_, text, masked) => {
    expect(maskPersonalData(text).text).toBe(masked);
  });

  it.each([
    ['a date', 'on 2024-05-31 at 12:00'],
    ['a version', 'version 1.20.300'],
    ['short numbers', 'room 12345, 42 people, 3.14159'],
    ['an at sign', 'meet @zorg at 5 @ noon'],
    ['Chinese text', '今天是2024年5月31日，共有12345人'],
  ])('leaves %s', (_, text) => {
    expect(maskPersonalData(text)).toEqual({ text, spans: [], masked: 0 });
  });

  it('moves spans with the masks before, in and behind them', () => {
    const text = 'zorg a@example.com blat 13812345678 end';
    const spanOf = (part: string) => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length });
    const parts = ['zorg', 'a@example.com', 'blat', '12345', 'end', 'a@example.com blat'];
    const { text: masked, spans } = maskPersonalData(text, parts.map(spanOf));
    expect(masked).toBe('zorg [mail] blat [phone] end');
    expect(spans.map(({ start, end }) => masked.slice(start, end))).toEqual([
      'zorg',
      '[mail]',
      'blat',
      '[phone]',
      'end',
      '[mail] blat',
    ]);
  });

  it('comes to an end for digits and addresses without end', () => {
    // Tried from every start to every end, it would run for hours.
    const text = `${'1 '.repeat(2_000)}${'a@'.repeat(20_000)}${'a'.repeat(20_000)}`;
    expect(maskPersonalData(text).text).toMatch(/a{20000}$/);
  });
});
