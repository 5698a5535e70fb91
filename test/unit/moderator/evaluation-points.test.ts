import { findStepEnd, isEvaluationPoint, MAX_STEP_UNITS } from '../../../src/moderator/evaluation-points.js';

describe('findStepEnd', () => {
  it.each([
    ['an unfinished word', 'zorg', undefined],
    ['a word and its space', 'zorg blat', 5],
    ['a sentence end', 'zorg.', 5],
    ['a CJK character', '你好', 1],
    ['a long run of letters', 'z'.repeat(100), MAX_STEP_UNITS],
    ['a surrogate pair at the cap', `${'z'.repeat(MAX_STEP_UNITS - 1)}😀`, MAX_STEP_UNITS - 1],
    ['a long run of first halves of pairs', '\ud83d'.repeat(100), MAX_STEP_UNITS - 1],
  ])('%s', (_, text, expected) => {
    expect(findStepEnd(text, 0)).toBe(expected);
  });
});

describe('isEvaluationPoint', () => {
  it.each([
    ['word', 'zorg ', 5, false],
    ['full stop', 'zorg.', 5, true],
    ['CJK full stop', '。', 5, true],
    ['line break', 'zorg\n', 5, true],
    ['long sentence', 'zorg ', 400, true],
  ])('%s', (_, step, end, expected) => {
    expect(isEvaluationPoint(step, end)).toBe(expected);
  });
});
