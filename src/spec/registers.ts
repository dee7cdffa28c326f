/**
 * What reaches the kernel of the arguments that a program passes.
 *
 * A register of a 32-bit machine holds the low half of what was passed: of an address, a length, flags. File offsets and sizes, limits and
 * the values of 64-bit stores have 64 bits on any machine (pread64, ftruncate64, prlimit64), and pass whole.
 *
 * Source: syscall(2), "Architecture-specific requirements".
 */

import { WORD_BITS } from './arithmetic.ts';
import type { Call, CallName } from './calls.ts';

/** The places of arguments that have 64 bits. */
const WIDE: Readonly<Partial<Record<CallName, readonly number[]>>> = {
  mmap: [5],
  pread: [3],
  pread_shown: [2],
  pwrite: [3],
  pwrite_shown: [2],
  preadv: [3],
  pwritev: [3],
  lseek: [1],
  truncate: [1],
  ftruncate: [1],
  fallocate: [2, 3],
  setrlimit: [1],
  prlimit: [2],
  posix_fadvise: [1, 2],
  readahead: [1],
  sync_file_range: [1, 2],
  // Start and length of a lock: a struct flock64 in memory.
  fcntl: [4, 5],
  // In nanoseconds, all ones for none: a structure in memory.
  futex: [3],
  store64: [1],
  cas64: [1, 2],
  fetchadd64: [1],
};

/** The arguments as the kernel sees them. */
export function inRegisters({ name, args }: Call): readonly unknown[] {
  if (WORD_BITS === 64) return args;
  const wide = WIDE[name] ?? [];
  return args.map((arg, place) =>
    typeof arg === 'bigint' && !wide.includes(place) ? BigInt.asUintN(WORD_BITS, arg) : arg,
  );
}
