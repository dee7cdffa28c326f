/**
 * Where POSIX leaves an answer open: what may be answered to a call, in which circumstances, and where the standard says so.
 *
 * Place: data under the rules of POSIX. A row stands beside what Linux does; where no row fits, the answers must be the same. The source
 * is IEEE Std 1003.1-2024 (Issue 8), System Interfaces, by page and section. `effect` says what is known of the state behind
 * the call: `none`, the answers leave the same; `differs`, answers that differ leave different states; `unknown`, even equal
 * answers may.
 */
import { MAPPING_ROWS } from './posix-mapping-rows.ts';
import { MEMORY_ROWS } from './posix-memory-rows.ts';
import { LOADS, type Row, STORES } from './posix-row.ts';

export const ROWS: readonly Row[] = [...MAPPING_ROWS, ...MEMORY_ROWS];

/** The errors that a call may give: which of several is given when more than one fits is open (XSH 2.3). */
export const ERRORS: Readonly<Record<string, readonly string[]>> = {
  mmap: ['EACCES', 'EAGAIN', 'EBADF', 'EINVAL', 'EMFILE', 'ENODEV', 'ENOMEM', 'ENOTSUP', 'ENXIO', 'EOVERFLOW'],
  munmap: ['EINVAL'],
  mprotect: ['EACCES', 'EAGAIN', 'EINVAL', 'ENOMEM', 'ENOTSUP'],
  msync: ['EBUSY', 'EINVAL', 'ENOMEM'],
  mlock: ['EAGAIN', 'EINVAL', 'ENOMEM', 'EPERM'],
  munlock: ['EAGAIN', 'EINVAL', 'ENOMEM', 'EPERM'],
  mlockall: ['EAGAIN', 'EINVAL', 'ENOMEM', 'EPERM'],
  open: ['EACCES', 'EEXIST', 'EINVAL', 'EISDIR', 'EMFILE', 'ENOENT', 'ENOTDIR', 'EROFS'],
  read: ['EBADF', 'EFAULT', 'EINVAL', 'EISDIR', 'ENXIO', 'EOVERFLOW'],
  pread: ['EBADF', 'EFAULT', 'EINVAL', 'EISDIR', 'ENXIO', 'EOVERFLOW', 'ESPIPE'],
  write: ['EBADF', 'EFAULT', 'EFBIG', 'EINVAL', 'ENOSPC', 'ENXIO'],
  pwrite: ['EBADF', 'EFAULT', 'EFBIG', 'EINVAL', 'ENOSPC', 'ENXIO', 'ESPIPE'],
  lseek: ['EBADF', 'EINVAL', 'ENXIO', 'EOVERFLOW', 'ESPIPE'],
  ftruncate: ['EBADF', 'EFBIG', 'EINVAL'],
  rename: ['EBUSY', 'EEXIST', 'EINVAL', 'EISDIR', 'ENOENT', 'ENOTDIR', 'ENOTEMPTY'],
  unlink: ['EBUSY', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EPERM'],
  rmdir: ['EBUSY', 'EEXIST', 'EINVAL', 'ENOENT', 'ENOTDIR', 'ENOTEMPTY'],
  mkdir: ['EEXIST', 'ENOENT', 'ENOTDIR'],
  fsync: ['EBADF', 'EINVAL'],
  fdatasync: ['EBADF', 'EINVAL'],
  fcntl: ['EBADF', 'EINVAL', 'EMFILE'],
  setrlimit: ['EINVAL', 'EPERM'],
};

/** The calls that the standard knows, or that are its accesses to memory. */
export const STANDARD_CALLS: readonly string[] = [
  ...['mmap', 'munmap', 'mprotect', 'msync', 'mlock', 'munlock', 'mlockall', 'munlockall'],
  ...[
    'open',
    'dup',
    'close',
    'unlink',
    'rename',
    'mkdir',
    'rmdir',
    'fcntl',
    'ftruncate',
    'fsync',
    'fdatasync',
    'fstat',
  ],
  ...['read', 'pread', 'write', 'pwrite', 'lseek', 'pipe', 'shm_open', 'shm_unlink', 'posix_fadvise'],
  ...['fork', 'exit', 'wait', 'sigaction', 'setrlimit'],
  ...LOADS.filter((call) => call !== 'fetch8'),
  ...STORES,
];

/** Calls of Linux that only look: whatever they show, what follows is the same. */
export const LOOKING_CALLS: ReadonlySet<string> = new Set([
  ...['maps', 'smaps', 'mincore', 'status', 'pagemap', 'vmflags', 'fetch8', 'sync', 'syncfs', 'readahead'],
]);
