import { parseMoment } from '../../../src/commands/parse-moment.js';

const NOW = Date.UTC(2024, 5, 15, 12);

describe('a moment', () => {
  it.each([
    ['2024-05-31', Date.UTC(2024, 4, 31)],
    ['2024-05-31T10:00Z', Date.UTC(2024, 4, 31, 10)],
    ['2024-05-31T10:00:01.5Z', Date.UTC(2024, 4, 31, 10, 0, 1, 500)],
    ['2024-05-31T10:00:00+02:00', Date.UTC(2024, 4, 31, 8)],
    ['90m', NOW - 90 * 60_000],
    ['24h', NOW - 86_400_000],
    ['7d', NOW - 7 * 86_400_000],
    ['2024-05-31T10:00:00', undefined],
    ['2024-13-31', undefined],
    ['2024-02-30', undefined],
    ['2024-06-31T10:00Z', undefined],
    ['yesterday', undefined],
    ['7', undefined],
    ['', undefined],
  ])('%p', (text, moment) => {
    expect(parseMoment(text, NOW)).toBe(moment);
  });
});
