/**
 * What a place is where POSIX leaves an answer open, and the groups of calls that rows speak of.
 *
 * Place: under the rows (posix-mapping-rows.ts, posix-memory-rows.ts).
 */
import type { Circumstance } from './posix-circumstances.ts';

/** What a call came to: it succeeded, an error number, a signal. */
export type Outcome = 'success' | (string & {});

export interface Row {
  readonly calls: readonly string[];
  readonly when: (circumstance: Circumstance) => boolean;
  readonly accepts: readonly Outcome[] | 'any';
  readonly effect: 'none' | 'differs' | 'unknown';
  readonly source: string;
  readonly why: string;
}

export const LOADS: readonly string[] = ['load8', 'load16', 'load32', 'load64', 'copyin', 'fetch8'];
export const STORES: readonly string[] = ['store8', 'store16', 'store32', 'store64', 'copyout'];
export const ATOMICS: readonly string[] = ['cas', 'fetchadd'].flatMap((call) =>
  [8, 16, 32, 64].map((bits) => `${call}${bits}`),
);
export const RANGES: readonly string[] = ['munmap', 'mprotect', 'msync', 'mlock', 'munlock'];
