import { describe, expect, test } from 'vitest';
import { compare, median, quantile, verdict } from '../../../bench/statistics.ts';

describe('quantiles', () => {
  test.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('the median of %j is %d, whatever their order', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('lie between neighbours in proportion', () => {
    expect(quantile([0, 10, 20, 30, 40], 0.25)).toBe(10);
    expect(quantile([0, 10], 0.75)).toBe(7.5);
    expect(quantile([7, 1, 3], 0)).toBe(1);
    expect(quantile([7, 1, 3], 1)).toBe(7);
  });

  test('leave the values as they were, and need one', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
    expect(() => median([])).toThrow('no values');
  });
});

describe('pairs', () => {
  test('half the time is twice the rate', () => {
    expect(compare([100], [200])).toEqual({ ratio: 2, spread: 0, ours: 1e7, theirs: 5e6, ratios: [2] });
  });

  test('the ratio is the median of the pairs, not the ratio of the medians', () => {
    // The host was slow during the second pair and half of the third.
    const { ratio, ratios, ours, theirs } = compare([1, 8, 8], [4, 16, 4]);
    expect(ratios).toEqual([4, 2, 0.5]);
    expect(ratio).toBe(2);
    expect([ours, theirs]).toEqual([1e9 / 8, 1e9 / 4]);
  });

  test('the spread is the distance of the quartiles', () => {
    expect(compare([1, 1, 1, 1, 1], [1, 2, 3, 4, 50]).spread).toBe(2);
    expect(compare([1, 1], [1, 2]).spread).toBe(0.5);
  });

  test('must be pairs', () => {
    expect(() => compare([1, 2], [1])).toThrow('2 times of ours, 1 of theirs');
  });
});

test.each([
  [0.99, 'below'],
  [1, 'floor'],
  [1.49, 'floor'],
  [1.5, 'goal'],
])('a ratio of %d with floor 1 and goal 1.5: %s', (ratio, expected) => {
  expect(verdict(ratio, 1, 1.5)).toBe(expected);
});
