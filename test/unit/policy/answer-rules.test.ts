import { parseConfig } from '../../../src/config/index.js';
import { chooseLanguage, fillNotice, resolvePolicies } from '../../../src/policy/index.js';

const answersOf = (policies: object, name = 'default') =>
  resolvePolicies(parseConfig({ policies }, 'test')).get(name)!.answers;

describe('chooseLanguage', () => {
  const BUILT_IN = ['en', 'zh', 'ja'];

  it.each<[string, string[], string, string | undefined, string]>([
    ['English', BUILT_IN, 'How do I do this?', undefined, 'en'],
    ['Chinese', BUILT_IN, '请问这个函数怎么用？', undefined, 'zh'],
    ['Japanese', BUILT_IN, 'この関数はどう使いますか？', undefined, 'ja'],
    ['Chinese with words of code', BUILT_IN, '请帮我写一个 JavaScript function 来读文件', undefined, 'zh'],
    ['Japanese with many Han', BUILT_IN, '東京都庁の所在地を教えて', undefined, 'ja'],
    ['Han alone, which may be either', BUILT_IN, '東京 天気', undefined, 'zh'],
    ['Han alone from a Japanese browser', BUILT_IN, '東京 天気', 'ja,en;q=0.8', 'ja'],
    ['Han alone from an English browser', BUILT_IN, '東京 天気', 'en-US,en', 'zh'],
    ['English from a Chinese browser', BUILT_IN, 'How do I do this?', 'zh-CN', 'en'],
    ['a French one', ['en', 'fr'], 'Comment dois-je faire ?', 'fr-CA,fr;q=0.9', 'fr'],
    ['Latin letters from a browser of another language', ['en', 'fr'], 'Was soll ich tun?', 'de', 'en'],
    ['Russian', ['en', 'ru', 'fr'], 'Как это сделать?', 'fr', 'ru'],
    ['Korean', ['en', 'zh', 'ja', 'ko'], '이것은 어떻게 하나요?', undefined, 'ko'],
    ['no letters', BUILT_IN, '1 + 1 = ?', 'ja;q=0.4, zh-TW;q=0.7, *', 'zh'],
    ['no letters and no header', BUILT_IN, '', undefined, 'en'],
    ['a language that is refused', BUILT_IN, '', 'ja;q=0, en;q=0.1', 'en'],
    ['a script that is not there', BUILT_IN, 'ทำอย่างไร', 'ja', 'ja'],
    ['Traditional Chinese', ['en', 'zh', 'ja', 'zh-Hant'], '請問這個函數怎麼用？', 'zh-TW', 'zh-Hant'],
    ['Simplified Chinese', ['en', 'zh-Hant', 'zh', 'ja'], '请问这个函数怎么用？', 'zh', 'zh'],
    ['a header that is no header', BUILT_IN, '', ';;q=,,=;q=x', 'en'],
    ['no English', ['fr', 'de'], '', undefined, 'fr'],
    ['a style of a script', ['en', 'ks-Aran'], 'hello', undefined, 'en'],
  ])('answers %s', (_, languages, text, acceptLanguage, chosen) => {
    expect(chooseLanguage(languages, { text, acceptLanguage })).toBe(chosen);
  });
});

describe('notices', () => {
  it('are built in for three languages in both directions, and each names the reference', () => {
    const { notices } = answersOf({});
    for (const texts of [notices.input, notices.output]) {
      expect([...texts.keys()]).toEqual(['en', 'zh', 'ja']);
      for (const text of texts.values()) expect(fillNotice(text, { id: 'r-1', category: 'crime' })).toContain('r-1');
    }
  });

  it('are overridden by language and direction, and inherited', () => {
    const policies = {
      default: { notices: { en: { input: 'No. {id}' }, fr: { output: 'Non. {id}' } } },
      school: { notices: { fr: { output: 'Pas ici. {id}' } } },
    };
    const { input, output } = answersOf(policies, 'school').notices;
    expect([input.get('en'), input.has('fr'), output.get('fr')]).toEqual(['No. {id}', false, 'Pas ici. {id}']);
    expect(output.get('en')).toContain('{id}');
    expect(answersOf(policies).notices.output.get('fr')).toBe('Non. {id}');
  });

  it('take one language for another spelling of it', () => {
    expect(answersOf({ default: { notices: { EN: { input: 'No. {id}' } } } }).notices.input.get('en')).toBe('No. {id}');
  });

  it.each([
    ['no reference', { en: { input: 'No.' } }],
    ['an unknown placeholder', { en: { input: 'No {term}: {id}' } }],
    ['an open brace', { en: { input: 'No { {id}' } }],
    ['no language', { 'a b': { input: '{id}' } }],
    ['a language without a script', { xx: { input: '{id}' } }],
    ['another direction', { en: { both: '{id}' } }],
  ])('are refused with %s', (_, notices) => {
    expect(() => answersOf({ default: { notices } })).toThrow(/policies\.default\.notices/);
  });

  it.each<[string, 'abusive' | undefined, string]>([
    ['a category', 'abusive', 'r abusive 3.4(1)'],
    ['none', undefined, 'r none 3.4'],
  ])('are filled for %s', (_, category, filled) => {
    expect(fillNotice('{id} {category} {clause}', { id: 'r', category })).toBe(filled);
  });
});

it('what is told about blocks and answers is inherited key by key', () => {
  const policies = {
    default: { blockAs: { output: 'error' }, aiLabel: { field: true } },
    school: { blockAs: { input: 'refusal' }, aiLabel: { header: true }, noticeAsText: true },
  };
  expect(answersOf({})).toMatchObject({ blockAs: { input: 'error', output: 'refusal' }, noticeAsText: false });
  expect(answersOf(policies, 'school')).toMatchObject({
    blockAs: { input: 'refusal', output: 'error' },
    noticeAsText: true,
    aiLabel: { header: true, field: true },
  });
});

it('what is told changes no verdict, so verdicts are remembered over a change of it', () => {
  const versionOf = (policy: object) =>
    resolvePolicies(parseConfig({ policies: { default: policy } }, 'test')).get('default')?.version;
  expect(versionOf({ noticeAsText: true, blockAs: { input: 'refusal' } })).toBe(versionOf({}));
});
