/**
 * Where POSIX leaves open what accesses to memory and calls on files answer.
 *
 * Place: data of the table (posix-table.ts), where its source is named.
 */
import { O_APPEND, RLIMIT_FSIZE, RLIMIT_NOFILE, SEEK_DATA, SEEK_HOLE } from '../flags.ts';
import { opened } from '../spec/descriptors.ts';
import { VM_ACCESS_FLAGS, VM_READ, VM_WRITE } from '../spec/vm-flags.ts';
import { ATOMICS, LOADS, RANGES, type Row, STORES } from './posix-row.ts';

const TRANSFERS = ['read', 'pread', 'write', 'pwrite'];

export const MEMORY_ROWS: readonly Row[] = [
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
    when: () => true,
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
