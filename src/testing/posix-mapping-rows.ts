/**
 * Where POSIX leaves open what the mapping calls answer.
 *
 * Place: data of the table (posix-table.ts), where its source is named.
 */
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../flags.ts';
import { RANGES, type Row } from './posix-row.ts';

const PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
const MAP_POSIX = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
const MS_BOTH = MS_SYNC | MS_ASYNC;

/** What no program can count on mapping. */
const LOWEST = 0x10000n;

export const MAPPING_ROWS: readonly Row[] = [
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
    when: () => true,
    accepts: ['success', 'ENOMEM', 'EAGAIN', 'EPERM'],
    effect: 'differs',
    source: 'mlock and mlockall, ERRORS (EAGAIN; may fail, ENOMEM and EPERM)',
    why: 'how much may be locked, and by whom, is for the implementation to say',
  },
  {
    calls: ['mlock', 'mlockall', 'munlock'],
    when: () => true,
    accepts: ['ENOMEM', 'EAGAIN', 'EPERM'],
    effect: 'unknown',
    source: 'mlock and mlockall, RETURN VALUE',
    why: 'no lock is to change, but Linux leaves those before the hole locked',
  },
];
