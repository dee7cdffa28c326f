/**
 * What generated scenarios are made of: the profiles' weights and the arguments to choose from.
 *
 * Weights are chosen so that about nine calls of ten succeed; the simplest choice stands first in
 * each list, since shrinking goes there.
 */

/** How often each kind of statement is drawn. */
export interface CallWeights {
  readonly load: number;
  readonly store: number;
  readonly copyin: number;
  readonly copyout: number;
  readonly mmapAnon: number;
  readonly mmapFile: number;
  readonly munmap: number;
  readonly mprotect: number;
  readonly mremap: number;
  readonly msync: number;
  readonly madvise: number;
  readonly mincore: number;
  readonly mlock: number;
  readonly brk: number;
  readonly fork: number;
  readonly exit: number;
  readonly maps: number;
  readonly pwrite: number;
  readonly pread: number;
  readonly ftruncate: number;
  readonly fallocate: number;
  readonly fsync: number;
  readonly lseek: number;
  readonly open: number;
  readonly fstat: number;
}

const BASE: CallWeights = {
  load: 8,
  store: 12,
  copyin: 4,
  copyout: 3,
  mmapAnon: 10,
  mmapFile: 0,
  munmap: 4,
  mprotect: 7,
  mremap: 6,
  msync: 2,
  madvise: 6,
  mincore: 0,
  mlock: 3,
  brk: 2,
  fork: 0,
  exit: 0,
  maps: 4,
  pwrite: 0,
  pread: 0,
  ftruncate: 0,
  fallocate: 0,
  fsync: 0,
  lseek: 0,
  open: 0,
  fstat: 0,
};

const FILES: Partial<CallWeights> = {
  mmapFile: 12,
  mmapAnon: 3,
  pwrite: 7,
  pread: 5,
  ftruncate: 5,
  fallocate: 3,
  fsync: 2,
  lseek: 2,
  open: 1,
  fstat: 2,
  msync: 4,
};

export const PROFILES = {
  anon: BASE,
  file: { ...BASE, ...FILES },
  fork: { ...BASE, ...FILES, mmapFile: 6, mmapAnon: 6, fork: 3, exit: 2 },
  vma: {
    ...BASE,
    mmapFile: 6,
    mprotect: 12,
    mremap: 10,
    munmap: 7,
    madvise: 8,
    mlock: 6,
    fork: 2,
    maps: 10,
    store: 8,
    load: 3,
    copyin: 1,
  },
  errors: { ...BASE, ...FILES, mincore: 3, mlock: 5, brk: 3 },
  mixed: { ...BASE, ...FILES, mmapFile: 8, mmapAnon: 8, fork: 2, exit: 1 },
} as const satisfies Record<string, CallWeights>;

export type Profile = keyof typeof PROFILES;

export const PROTECTIONS = [
  'PROT_READ|PROT_WRITE',
  'PROT_READ|PROT_WRITE',
  'PROT_READ',
  'PROT_NONE',
  'PROT_WRITE',
] as const;

export const ODD_LENGTHS = ['0', '-1', '1', '31*4096'] as const;

export const MREMAP_FLAGS = [
  '0',
  'MREMAP_MAYMOVE',
  'MREMAP_MAYMOVE',
  'MREMAP_MAYMOVE|MREMAP_FIXED',
  'MREMAP_MAYMOVE|MREMAP_FIXED',
  'MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP',
  'MREMAP_MAYMOVE|MREMAP_DONTUNMAP',
  'MREMAP_FIXED',
  '8',
] as const;

export const MSYNC_FLAGS = [
  'MS_SYNC',
  'MS_SYNC',
  'MS_ASYNC',
  '0',
  'MS_SYNC|MS_INVALIDATE',
  'MS_ASYNC|MS_SYNC',
] as const;

export const ADVICE = [
  'MADV_DONTNEED',
  'MADV_DONTNEED',
  'MADV_NORMAL',
  'MADV_RANDOM',
  'MADV_SEQUENTIAL',
  'MADV_WILLNEED',
  'MADV_REMOVE',
  'MADV_DONTFORK',
  'MADV_DOFORK',
  'MADV_WIPEONFORK',
  'MADV_KEEPONFORK',
  'MADV_POPULATE_READ',
  'MADV_POPULATE_WRITE',
  'MADV_DONTDUMP',
  'MADV_DODUMP',
  'MADV_GUARD_INSTALL',
  'MADV_GUARD_REMOVE',
  'MADV_DONTNEED_LOCKED',
  'MADV_HUGEPAGE',
  'MADV_NOHUGEPAGE',
  '50',
] as const;

export const MLOCKALL_FLAGS = [
  'MCL_FUTURE',
  'MCL_CURRENT',
  'MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT',
  '0',
  'MCL_ONFAULT',
] as const;

export const FILE_SIZES = [
  '0',
  '4096',
  '8192',
  '16384',
  '100',
  '4095',
  '4097',
  '12289',
  '28672',
  '2048',
  '6000',
  '-1',
] as const;

export const FALLOCATE_MODES = [
  '0',
  'FALLOC_FL_KEEP_SIZE',
  'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE',
  'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE',
  'FALLOC_FL_ZERO_RANGE',
  'FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE',
  'FALLOC_FL_COLLAPSE_RANGE',
  'FALLOC_FL_INSERT_RANGE',
  'FALLOC_FL_PUNCH_HOLE',
] as const;
