/**
 * Statements as a program for any POSIX system would make them: without the flags that only Linux has.
 *
 * Place: behind the writer of scenarios. Text to text; a flag that is taken out leaves a call that still makes sense.
 */

const LINUX_FLAGS = /\|MAP_(?:POPULATE|NONBLOCK|NORESERVE|STACK|LOCKED|GROWSDOWN|SYNC|DENYWRITE|32BIT)\b/g;

/** The calls of scenarios that POSIX has, and those that show what is left. */
export const POSIX_CALLS: readonly string[] = [
  ...['mmap', 'munmap', 'mprotect', 'msync', 'mlock', 'munlock', 'mlockall', 'munlockall'],
  ...['load8', 'load16', 'load32', 'load64', 'store8', 'store16', 'store32', 'store64', 'copyin', 'copyout'],
  ...['open', 'dup', 'close', 'unlink', 'ftruncate', 'fsync', 'fdatasync', 'fstat', 'shm_open', 'shm_unlink'],
  ...['read', 'pread', 'write', 'pwrite', 'lseek', 'fork', 'exit', 'wait', 'sigaction'],
];

export function asPosix(statement: string): string {
  return statement
    .replace(LINUX_FLAGS, '')
    .replace('MAP_FIXED_NOREPLACE', 'MAP_FIXED')
    .replace('MAP_SHARED_VALIDATE', 'MAP_SHARED')
    .replace('|MCL_ONFAULT', '');
}
