import { describe, expect, test } from 'vitest';
import { changeOf, compare, growthOf, median, quantile, verdict } from '../../../bench/statistics.ts';

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

describe('growth', () => {
  const sizes = [10, 100, 1000, 10_000];

  test.each([
    ['flat', () => 300, false],
    ['logarithmic', (size: number) => 100 * Math.log2(size), false],
    ['twice as much beyond the caches', (size: number) => (size > 1000 ? 200 : 100), false],
    ['a square root', (size: number) => Math.sqrt(size) * 1.001 ** Math.log(size), true],
    ['proportional', (size: number) => size, true],
    ['proportional behind a constant', (size: number) => 1000 + size, true],
  ])('%s', (_name, cost, grows) => {
    expect(growthOf(sizes, sizes.map(cost)).grows).toBe(grows);
  });

  test('the power is that of the last step, the factor that of all', () => {
    expect(growthOf([1, 4, 64], [10, 10, 40])).toEqual({ factor: 4, exponent: 0.5, grows: false });
  });

  test('one size is no curve', () => {
    expect(() => growthOf([1], [1])).toThrow('1 sizes and 1 costs: no curve');
    expect(() => growthOf([1, 2], [1])).toThrow('no curve');
  });
});

describe('two checkouts', () => {
  const ratio = (median: number, spread: number) => ({ ratio: median, spread, ours: 1, theirs: 1, ratios: [] });

  test.each([
    [2, 0, 1.81, 0, false],
    [2, 0, 1.79, 0, true],
    [2, 0.2, 1.75, 0, false],
    [2, 0.2, 1.65, 0.1, false],
    [2, 0.2, 1.64, 0.1, true],
    [2, 0, 4, 0, false],
  ])('%d ±%d/2, then %d ±%d/2: fell %s', (before, spreadBefore, after, spreadAfter, fell) => {
    const change = changeOf(ratio(before, spreadBefore), ratio(after, spreadAfter));
    expect(change).toEqual({ change: after / before, fell });
  });
});
