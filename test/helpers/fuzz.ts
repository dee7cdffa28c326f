/**
 * Number of runs and seed of the tests that explore: those in test/model and test/property.
 *
 * `npm test` must say the same everywhere, so its seed is fixed. `npm run fuzz` draws a fresh seed each time and multiplies the runs;
 * FAULTLINE_SEED=n repeats what a report shows. fast-check prints seed and path of a failure itself.
 */
import { fuzzFactor, isFuzzing } from './fuzz-factor.ts';

const FIXED_SEED = 20_170;

/** `usual` runs, multiplied by FAULTLINE_FUZZ; at least 1. Give it to `numRuns`. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * fuzzFactor()));
}

/** What `usual` runs must have met at least. A run that FAULTLINE_FUZZ makes shorter than usual may have met nothing. */
export function atLeast(met: number): number {
  return fuzzFactor() < 1 ? 0 : met;
}

/** The seed of this process: FAULTLINE_SEED, else a fresh one when fuzzing, else always the same. A 32-bit integer. */
export function seed(): number {
  const text = process.env['FAULTLINE_SEED'];
  if (text === undefined || text === '') return isFuzzing() ? Math.floor(Math.random() * 2 ** 31) : FIXED_SEED;
  const value = Number(text);
  if (value !== (value | 0)) throw new Error(`FAULTLINE_SEED must be a 32-bit integer, not '${text}'`);
  return value;
}
