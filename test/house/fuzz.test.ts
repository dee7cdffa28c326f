import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { runs, seed } from '../helpers/fuzz.ts';

afterEach(() => vi.unstubAllEnvs());

/** Sets FAULTLINE_FUZZ and FAULTLINE_SEED, as a shell would. */
function environment(fuzz: string, seedText = ''): void {
  vi.stubEnv('FAULTLINE_FUZZ', fuzz);
  vi.stubEnv('FAULTLINE_SEED', seedText);
}

describe('without FAULTLINE_FUZZ', () => {
  test('runs are as asked and the seed is always the same', () => {
    environment('');
    expect(runs(100)).toBe(100);
    expect(new Set([seed(), seed(), seed()]).size).toBe(1);
  });
});

describe('with FAULTLINE_FUZZ', () => {
  test('runs are multiplied, and there is always one', () => {
    environment('50');
    expect(runs(100)).toBe(5000);
    environment('0.001');
    expect(runs(100)).toBe(1);
  });

  test('each process draws a seed that fast-check takes as it is', () => {
    environment('2');
    const seeds = Array.from({ length: 20 }, seed);
    expect(new Set(seeds).size).toBeGreaterThan(1);
    expect(seeds.filter((one) => one !== (one | 0))).toEqual([]);
    expect(fc.sample(fc.integer(), { seed: seeds[0] as number, numRuns: 3 })).toHaveLength(3);
  });

  test.each(['0', '-1', 'many', 'NaN', 'Infinity'])('%s is refused', (text) => {
    environment(text);
    expect(() => runs(100)).toThrow('FAULTLINE_FUZZ must be a number above 0');
  });
});

describe('FAULTLINE_SEED', () => {
  test('is the seed, fuzzing or not', () => {
    environment('', '-7');
    expect(seed()).toBe(-7);
    environment('9', '0');
    expect(seed()).toBe(0);
  });

  test.each(['1.5', '4294967296', 'x'])('%s is refused', (text) => {
    environment('', text);
    expect(() => seed()).toThrow('FAULTLINE_SEED must be a 32-bit integer');
  });
});
