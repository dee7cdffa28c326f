/**
 * How many times as many runs as usual are wanted: the environment variable FAULTLINE_FUZZ.
 *
 * Apart from fuzz.ts because vitest.config.ts needs the number too, without loading fast-check.
 */

/** A positive number, 1 by default. Throws on anything else, so that a slip does not pass as a short run. */
export function fuzzFactor(): number {
  const text = process.env['FAULTLINE_FUZZ'];
  if (text === undefined || text === '') return 1;
  const factor = Number(text);
  if (!(factor > 0 && factor <= 1e6))
    throw new Error(`FAULTLINE_FUZZ must be a number above 0 (50: fifty times the usual runs), not '${text}'`);
  return factor;
}

/** Whether the runs are to explore: chance then differs each time, where otherwise it is the same everywhere. */
export function isFuzzing(): boolean {
  return (process.env['FAULTLINE_FUZZ'] ?? '') !== '';
}
