/**
 * The names with a fixed value that a scenario may use: Linux's constants and a few of its own.
 *
 * The values are those of src/flags.ts, chosen by prefix, so that a constant added there is known
 * here. `A` and `BRK` are fixed too, but by the machine that runs the scenario; they are values of
 * the environment in evaluate.ts and only reserved here.
 */

import * as flags from '../flags.ts';

/** The handlers of `sigaction` as numbers: SIG_DFL and SIG_IGN are Linux's, `catch` is none of the kernel's values. */
export const HANDLER_DEFAULT = 0n;
export const HANDLER_IGNORE = 1n;
export const HANDLER_CATCH = 2n;

const PREFIXES =
  /^(O|SEEK|FALLOC_FL|MFD|PROT|MAP|MREMAP|MS|MADV|MCL|F|LOCK|FUTEX|IPC|SHM|RLIMIT|PR|SYNC_FILE_RANGE|POSIX_FADV)_|^(MLOCK_ONFAULT|RLIM_INFINITY|SIG[A-Z]+)$/;

const OWN: readonly (readonly [string, bigint])[] = [
  ['NULL', 0n],
  ['MAP_FAILED', 0xffff_ffff_ffff_ffffn],
  // The C library's other names of the same flags.
  ['MAP_ANON', BigInt(flags.MAP_ANONYMOUS)],
  ['MAP_FILE', 0n],
  ['SIG_DFL', HANDLER_DEFAULT],
  ['SIG_IGN', HANDLER_IGNORE],
  ['default', HANDLER_DEFAULT],
  ['ignore', HANDLER_IGNORE],
  ['catch', HANDLER_CATCH],
];

/** Name -> value, as an unsigned 64-bit number. */
export const CONSTANTS: ReadonlyMap<string, bigint> = new Map([...linuxConstants(), ...OWN]);

/** The base of the arena and the program break at the start: names whose value the target gives. */
export const BASES: readonly string[] = ['A', 'BRK'];

/** The process that a scenario starts with. */
export const MAIN = 'main';

/** The word that begins a piece of data. */
export const FILL = 'fill';

function linuxConstants(): (readonly [string, bigint])[] {
  const entries: [string, unknown][] = Object.entries(flags);
  return entries
    .filter(([name, value]) => PREFIXES.test(name) && (typeof value === 'number' || typeof value === 'bigint'))
    .map(([name, value]) => [name, BigInt.asUintN(64, BigInt(value as number | bigint))]);
}

/** Whether a name has a meaning of its own, so that no statement can bind it. */
export function isReserved(name: string): boolean {
  return CONSTANTS.has(name) || BASES.includes(name) || name === MAIN || name === FILL;
}
