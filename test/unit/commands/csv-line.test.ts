import { csvLine } from '../../../src/commands/csv-line.js';

describe('a line of CSV', () => {
  it.each([
    ['plain values', ['a', 1, 0.5, null, ''], 'a,1,0.5,,'],
    ['separators and quotes', ['a,b', 'say "hi"', 'two\r\nlines'], '"a,b","say ""hi""","two\r\nlines"'],
    ['negative numbers stay numbers', [-1, -0.5], '-1,-0.5'],
    ['=', ['=1+1'], `"'=1+1"`],
    ['+', ['+1'], `"'+1"`],
    ['-', ['-1'], `"'-1"`],
    ['@', ['@SUM(A1)'], `"'@SUM(A1)"`],
    ['a tab in front', ['\t=1'], `"'\t=1"`],
    ['a line end in front', ['\r=1'], `"'\r=1"`],
    ['spaces in front', ['  =1'], `"'  =1"`],
    ['an invisible character in front', ['\u200B=1'], `"'\u200B=1"`],
    ['full width', ['＝1', '＋1', '－1', '＠a'], `"'＝1","'＋1","'－1","'＠a"`],
    ['a formula behind a quote', ['",=1'], '""",=1"'],
    ['signs inside', ['a=b', 'x-y', 'm[0].content'], 'a=b,x-y,m[0].content'],
  ])('%s', (_, values: (string | number | null)[], line) => {
    expect(csvLine(values)).toBe(`${line}\r\n`);
  });
});
