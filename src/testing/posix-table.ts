/**
 * Where POSIX leaves an answer open: what may be answered to a call, in which circumstances, and where the standard says so.
 *
 * Place: data under the rules of POSIX. A row stands beside what Linux does; where no row fits, the answers must be the same. The source
 * is IEEE Std 1003.1-2024 (Issue 8), System Interfaces, by page and section. `effect` says what is known of the state behind
 * the call: `none`, the answers leave the same; `differs`, answers that differ leave different states; `unknown`, even equal
 * answers may.
 */
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  O_APPEND,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  RLIMIT_FSIZE,
  RLIMIT_NOFILE,
  SEEK_DATA,
  SEEK_HOLE,
} from '../flags.ts';
import { opened } from '../spec/descriptors.ts';
import { VM_ACCESS_FLAGS, VM_READ, VM_WRITE } from '../spec/vm-flags.ts';
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

const always = (): boolean => true;

const LOADS = ['load8', 'load16', 'load32', 'load64', 'copyin', 'fetch8'];
const STORES = ['store8', 'store16', 'store32', 'store64', 'copyout'];
const ATOMICS = ['cas', 'fetchadd'].flatMap((call) => [8, 16, 32, 64].map((bits) => `${call}${bits}`));
const TRANSFERS = ['read', 'pread', 'write', 'pwrite'];
const RANGES = ['munmap', 'mprotect', 'msync', 'mlock', 'munlock'];

const PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
const MAP_POSIX = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
const MS_BOTH = MS_SYNC | MS_ASYNC;

const LOWEST = 0x10000n;

export const ROWS: readonly Row[] = [
  // mmap
  {
    calls: ['mmap'],
    when: (c) => (c.flags(3) & MAP_FIXED) === 0,
    accepts: ['success'],
    effect: 'differs',
    source: 'mmap, DESCRIPTION (MAP_FIXED)',
    why: 'without MAP_FIXED the implementation chooses the address in a way of its own, a hint included',
  },
  {
    calls: ['mmap'],
    when: (c) => !c.isAligned(5) || ((c.flags(3) & MAP_FIXED) !== 0 && !c.isAligned(0)),
    accepts: ['success', 'EINVAL'],
    effect: 'differs',
    source: 'mmap, ERRORS (may fail, EINVAL)',
    why: 'an offset, or an address with MAP_FIXED, that is no multiple of the page size may be refused',
  },
  {
    calls: ['mmap'],
    when: (c) => (c.flags(3) & MAP_FIXED) !== 0 && (c.number(0) < LOWEST || !c.isInUserSpace),
    accepts: ['success', 'EINVAL', 'ENOMEM', 'EPERM', 'EACCES'],
    effect: 'differs',
    source: 'mmap, ERRORS (may fail, EINVAL; shall fail, ENOMEM)',
    why: 'an address that the implementation considers invalid, the lowest pages among them',
  },
  {
    calls: ['mmap'],
    when: (c) => (c.flags(2) & ~PROT_ALL) !== 0 || (c.flags(3) & ~MAP_POSIX) !== 0 || c.number(3) >> 31n !== 0n,
    accepts: 'any',
    effect: 'differs',
    source: 'mmap, DESCRIPTION (tables of prot and flags)',
    why: "flags that are not the standard's",
  },
  {
    calls: ['mmap'],
    when: (c) => (c.flags(3) & (MAP_SHARED | MAP_PRIVATE)) === (MAP_SHARED | MAP_PRIVATE),
    accepts: 'any',
    effect: 'differs',
    source: 'mmap, DESCRIPTION (flags)',
    why: 'MAP_SHARED and MAP_PRIVATE together are for the application to avoid',
  },
  {
    calls: ['mmap', 'mprotect'],
    when: (c) => (c.flags(2) & PROT_EXEC) !== 0,
    accepts: ['success', 'ENOTSUP', 'EACCES'],
    effect: 'differs',
    source: 'mmap and mprotect, DESCRIPTION (prot) and ERRORS (ENOTSUP)',
    why: 'of combinations of access only those of PROT_READ and PROT_WRITE must be supported',
  },
  {
    calls: ['mmap'],
    when: (c) => (c.flags(3) & MAP_ANONYMOUS) !== 0 && (c.number(4) !== (1n << 64n) - 1n || c.number(5) !== 0n),
    accepts: 'any',
    effect: 'differs',
    source: 'mmap, DESCRIPTION (MAP_ANONYMOUS)',
    why: 'with MAP_ANONYMOUS the descriptor is to be -1 and the offset 0',
  },
  {
    calls: ['mmap'],
    when: (c) => (c.flags(3) & MAP_ANONYMOUS) === 0 && !c.isFile(4),
    accepts: ['success', 'ENODEV', 'EBADF', 'EACCES', 'EINVAL'],
    effect: 'differs',
    source: 'mmap, DESCRIPTION (memory objects)',
    why: 'what is no file and no shared memory object need not be mappable',
  },
  {
    calls: ['mmap'],
    when: (c) => (c.flags(3) & MAP_FIXED) !== 0 && c.mappings.length > 0,
    accepts: ['ENOMEM', 'EACCES', 'EAGAIN', 'ENODEV', 'ENXIO', 'EOVERFLOW', 'EMFILE', 'EPERM'],
    effect: 'unknown',
    source: 'mmap, RETURN VALUE',
    why: 'a call that fails, but for EBADF, EINVAL and ENOTSUP, may have unmapped what lay in the range',
  },
  // munmap, mprotect, msync, mlock, munlock
  {
    calls: RANGES,
    when: (c) => !c.isAligned(0),
    accepts: ['success', 'EINVAL', 'ENOMEM'],
    effect: 'differs',
    source: 'munmap, mprotect, msync, mlock, ERRORS (may fail, EINVAL)',
    why: 'an address that is no multiple of the page size may be refused',
  },
  {
    calls: ['mprotect', 'msync', 'mlock', 'munlock'],
    when: (c) => c.number(1) === 0n,
    accepts: ['success', 'EINVAL', 'ENOMEM'],
    effect: 'none',
    source: 'mprotect, msync, mlock, ERRORS',
    why: 'only munmap and mmap say what a length of 0 comes to',
  },
  {
    calls: ['munmap', 'mprotect', 'msync'],
    when: (c) => c.touchesHeap,
    accepts: 'any',
    effect: 'unknown',
    source: 'munmap, mprotect, msync, DESCRIPTION',
    why: 'memory that no mmap has established',
  },
  {
    calls: ['mprotect'],
    when: (c) => c.mappings.length > 0,
    accepts: ['ENOMEM', 'EACCES', 'EAGAIN', 'ENOTSUP', 'EPERM'],
    effect: 'unknown',
    source: 'mprotect, RETURN VALUE',
    why: 'a call that fails, but for EINVAL, may have changed some of the pages',
  },
  {
    calls: ['mprotect'],
    when: (c) => (c.flags(2) & ~PROT_ALL) !== 0,
    accepts: 'any',
    effect: 'differs',
    source: 'mprotect, DESCRIPTION (prot)',
    why: "protections that are not the standard's",
  },
  {
    calls: ['msync'],
    when: (c) => ![MS_SYNC, MS_ASYNC].includes(c.flags(2) & MS_BOTH) || (c.flags(2) & ~(MS_BOTH | MS_INVALIDATE)) !== 0,
    accepts: ['success', 'EINVAL', 'ENOMEM', 'EBUSY'],
    effect: 'none',
    source: 'msync, DESCRIPTION (flags) and ERRORS (EINVAL)',
    why: 'one of MS_SYNC and MS_ASYNC is to be given, but implementations take less',
  },
  {
    calls: ['mlock', 'mlockall'],
    when: always,
    accepts: ['success', 'ENOMEM', 'EAGAIN', 'EPERM'],
    effect: 'differs',
    source: 'mlock and mlockall, ERRORS (EAGAIN; may fail, ENOMEM and EPERM)',
    why: 'how much may be locked, and by whom, is for the implementation to say',
  },
  {
    calls: ['mlock', 'mlockall', 'munlock'],
    when: always,
    accepts: ['ENOMEM', 'EAGAIN', 'EPERM'],
    effect: 'unknown',
    source: 'mlock and mlockall, RETURN VALUE',
    why: 'no lock is to change, but Linux leaves those before the hole locked',
  },
  // memory
  {
    calls: [...LOADS, ...STORES, ...ATOMICS, ...TRANSFERS, ...RANGES, 'mmap'],
    when: (c) => c.isBesidePlaced,
    accepts: 'any',
    effect: 'unknown',
    source: 'mmap, DESCRIPTION and RATIONALE',
    why: 'what lies beside a mapping that the implementation has placed',
  },
  {
    calls: LOADS,
    when: (c) => c.mappings.some(({ flags }) => (flags & VM_READ) === 0 && (flags & VM_ACCESS_FLAGS) !== 0),
    accepts: ['success', 'SIGSEGV', 'SIGBUS'],
    effect: 'none',
    source: 'mmap, DESCRIPTION (prot)',
    why: 'other accesses than were asked for may be permitted, writes without PROT_WRITE and any of PROT_NONE excepted',
  },
  {
    calls: ['write', 'pwrite'],
    when: (c) => c.mappings.some(({ flags }) => (flags & VM_READ) === 0),
    accepts: ['success', 'EFAULT'],
    effect: 'differs',
    source: 'mmap, DESCRIPTION (prot)',
    why: 'as for loads',
  },
  {
    calls: [...LOADS],
    when: (c) => c.showsChanges || c.isBehindEnd,
    accepts: ['success'],
    effect: 'none',
    source: 'mmap, DESCRIPTION (MAP_PRIVATE; partial pages)',
    why: 'whether a private mapping shows later changes of its file, and what was stored behind the end of it',
  },
  {
    calls: ['write', 'pwrite', ...ATOMICS],
    when: (c) => c.showsChanges || c.isBehindEnd,
    accepts: ['success'],
    effect: 'unknown',
    source: 'mmap, DESCRIPTION (MAP_PRIVATE; partial pages)',
    why: 'as for loads, and it goes somewhere',
  },
  {
    calls: [...STORES, 'read', 'pread'],
    when: (c) => c.isBehindEnd,
    accepts: ['success'],
    effect: 'unknown',
    source: 'mmap, DESCRIPTION (partial pages)',
    why: 'what is stored behind the end of a file is never written out, but may be seen until then',
  },
  {
    calls: [...STORES, ...ATOMICS],
    when: (c) => c.crossesPage && (c.mappings.some(({ flags }) => (flags & VM_WRITE) === 0) || !c.isMapped),
    accepts: ['SIGSEGV', 'SIGBUS'],
    effect: 'unknown',
    source: 'XSH 2.4.3',
    why: 'how much of an access is done that faults half-way',
  },
  {
    calls: [...LOADS, ...STORES, ...ATOMICS],
    when: (c) => c.number(0) >= 1n << 47n,
    accepts: ['SIGSEGV', 'SIGBUS'],
    effect: 'none',
    source: '<signal.h> (si_code)',
    why: 'an address that the processor cannot form',
  },
  {
    calls: ['read', 'pread', 'write', 'pwrite'],
    when: (c) => c.span !== undefined && !c.isMapped,
    accepts: 'any',
    effect: 'unknown',
    source: 'XSH 2.3 (EFAULT)',
    why: 'whether a bad address is found out, and when',
  },
  // files
  {
    calls: ['ftruncate'],
    when: always,
    accepts: ['EBADF', 'EINVAL', 'EFBIG'],
    effect: 'none',
    source: 'ftruncate, ERRORS (EBADF or EINVAL; EFBIG or EINVAL)',
    why: 'a descriptor that is not open for writing, and a length that is too large, have two errors each',
  },
  {
    calls: ['pwrite'],
    when: (c) => ((opened(c.state, c.process, c.number(0))?.file.flags ?? 0) & O_APPEND) !== 0,
    accepts: 'any',
    effect: 'unknown',
    source: 'pwrite, DESCRIPTION',
    why: 'Linux appends where the standard writes at the offset',
  },
  {
    calls: ['lseek'],
    when: (c) => [SEEK_DATA, SEEK_HOLE].includes(c.flags(2)),
    accepts: ['success', 'ENXIO', 'EINVAL'],
    effect: 'differs',
    source: 'lseek, DESCRIPTION (SEEK_HOLE and SEEK_DATA)',
    why: "what is a hole is the file system's",
  },
  {
    calls: ['setrlimit'],
    when: (c) => ![RLIMIT_FSIZE, RLIMIT_NOFILE].includes(c.flags(0)),
    accepts: 'any',
    effect: 'unknown',
    source: 'getrlimit, DESCRIPTION',
    why: 'what counts as memory, and when',
  },
];

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
