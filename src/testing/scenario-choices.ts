/**
 * The profiles of random scenarios: how often each kind of statement is drawn.
 *
 * Place: pure data under the writer. Which arguments a statement gets is chosen in write-*.ts. The first kind of a profile is where
 * shrinking ends. Weights and slips are set so that about nine calls of ten succeed (of `errors`, six), see README.md.
 */

/** A kind of statement: one writer, one or a few calls. */
export type StatementKind =
  | 'load'
  | 'store'
  | 'atomic'
  | 'fetch'
  | 'copyin'
  | 'copyout'
  | 'mmapAnon'
  | 'mmapFile'
  | 'placed'
  | 'munmap'
  | 'mprotect'
  | 'mremap'
  | 'msync'
  | 'madvise'
  | 'mincore'
  | 'lock'
  | 'lockAll'
  | 'mseal'
  | 'break'
  | 'fork'
  | 'thread'
  | 'exec'
  | 'kill'
  | 'vfork'
  | 'exitThread'
  | 'futex'
  | 'waited'
  | 'processVm'
  | 'exit'
  | 'wait'
  | 'maps'
  | 'smaps'
  | 'vmflags'
  | 'pagemap'
  | 'status'
  | 'pwrite'
  | 'pread'
  | 'write'
  | 'read'
  | 'ftruncate'
  | 'fallocate'
  | 'fsync'
  | 'pageCache'
  | 'vector'
  | 'lseek'
  | 'open'
  | 'dup'
  | 'close'
  | 'unlink'
  | 'fstat'
  | 'seal'
  | 'fcntl'
  | 'rename'
  | 'directory'
  | 'path'
  | 'fileLock'
  | 'other'
  | 'useOther'
  | 'limit'
  | 'sigaction'
  | 'segment'
  | 'shmName'
  | 'remapPages'
  | 'huge';

/** The calls that a kind of statement may make. */
export const CALLS_OF: Readonly<Record<StatementKind, readonly string[]>> = {
  load: ['load8', 'load16', 'load32', 'load64'],
  store: ['store8', 'store16', 'store32', 'store64'],
  atomic: ['cas8', 'cas16', 'cas32', 'cas64'],
  fetch: ['fetch8'],
  copyin: ['copyin'],
  copyout: ['copyout'],
  mmapAnon: ['mmap'],
  mmapFile: ['mmap'],
  placed: ['mmap'],
  munmap: ['munmap'],
  mprotect: ['mprotect'],
  mremap: ['mremap'],
  msync: ['msync'],
  madvise: ['madvise', 'process_madvise'],
  mincore: ['mincore'],
  lock: ['mlock', 'munlock', 'mlock2'],
  lockAll: ['mlockall', 'munlockall'],
  mseal: ['mseal'],
  break: ['brk', 'sbrk'],
  fork: ['fork'],
  thread: ['thread'],
  exec: ['execve'],
  kill: ['kill'],
  vfork: ['vfork'],
  exitThread: ['exit_thread'],
  futex: ['futex'],
  waited: ['waited'],
  processVm: ['process_vm_readv', 'process_vm_writev'],
  exit: ['exit'],
  wait: ['wait'],
  maps: ['maps'],
  smaps: ['smaps'],
  vmflags: ['vmflags'],
  pagemap: ['pagemap'],
  status: ['status'],
  pwrite: ['pwrite'],
  pread: ['pread'],
  write: ['write'],
  read: ['read'],
  ftruncate: ['ftruncate', 'truncate'],
  fallocate: ['fallocate'],
  fsync: ['fsync', 'fdatasync'],
  vector: ['readv', 'preadv', 'writev', 'pwritev'],
  pageCache: ['sync_file_range', 'posix_fadvise', 'readahead'],
  lseek: ['lseek'],
  open: ['open', 'memfd_create'],
  dup: ['dup'],
  close: ['close'],
  unlink: ['unlink'],
  fstat: ['fstat', 'times', 'fstat_mode'],
  seal: ['fcntl'],
  fcntl: ['fcntl'],
  rename: ['rename'],
  directory: ['mkdir', 'rmdir'],
  path: ['link', 'symlink', 'chmod'],
  fileLock: ['flock', 'fcntl'],
  other: ['pipe', 'socketpair'],
  useOther: ['pipe', 'socketpair'],
  limit: ['setrlimit', 'prlimit', 'prctl'],
  sigaction: ['sigaction'],
  segment: ['shmget', 'shmat', 'shmdt', 'shmctl'],
  shmName: ['shm_open', 'shm_unlink'],
  remapPages: ['remap_file_pages'],
  huge: ['mmap'],
};

export interface ProfileShape {
  /** How many of a hundred choices are careless. */
  readonly slips: number;
  readonly weights: Readonly<Partial<Record<StatementKind, number>>>;
}

const MEMORY = {
  load: 8,
  store: 14,
  atomic: 2,
  fetch: 1,
  copyin: 3,
  copyout: 3,
  mmapAnon: 12,
  placed: 2,
  munmap: 4,
  mprotect: 7,
  mremap: 6,
  msync: 1,
  madvise: 7,
  mincore: 1,
  lock: 3,
  lockAll: 1,
  mseal: 1,
  break: 2,
  maps: 4,
  smaps: 1,
  vmflags: 1,
  pagemap: 1,
  status: 1,
} as const;

const FILES = {
  mmapAnon: 4,
  mmapFile: 12,
  pwrite: 7,
  pread: 4,
  write: 2,
  read: 1,
  ftruncate: 4,
  fallocate: 3,
  fsync: 2,
  pageCache: 2,
  vector: 1,
  lseek: 2,
  open: 3,
  dup: 1,
  close: 1,
  unlink: 1,
  fstat: 1,
  seal: 1,
  fcntl: 1,
  rename: 1,
  directory: 1,
  path: 1,
  fileLock: 1,
  other: 1,
  useOther: 2,
  msync: 4,
} as const;

const PROCESSES = {
  fork: 3,
  thread: 2,
  vfork: 1,
  exec: 1,
  kill: 1,
  exitThread: 1,
  futex: 2,
  waited: 1,
  processVm: 3,
  exit: 1,
  wait: 1,
  sigaction: 1,
} as const;

const OBJECTS = { segment: 12, shmName: 3, remapPages: 4, huge: 30 } as const;

const SLIPS = 3;

export const PROFILES = {
  /** Anonymous memory of one process. */
  anon: { slips: SLIPS, weights: MEMORY },
  /** Files, mapped and transferred. */
  file: { slips: SLIPS, weights: { ...MEMORY, ...FILES } },
  /** Several processes. */
  fork: {
    slips: SLIPS,
    weights: { ...MEMORY, ...FILES, mmapAnon: 8, mmapFile: 7, ...PROCESSES, fork: 5, exit: 2, huge: 5 },
  },
  /** Splitting and merging. */
  vma: {
    slips: SLIPS,
    weights: {
      ...MEMORY,
      store: 10,
      load: 3,
      copyin: 1,
      copyout: 1,
      mmapFile: 7,
      munmap: 7,
      mprotect: 13,
      mremap: 12,
      madvise: 8,
      lock: 6,
      lockAll: 2,
      maps: 14,
      vmflags: 5,
      status: 3,
      open: 2,
      dup: 1,
      pwrite: 2,
      fork: 3,
      exit: 1,
      wait: 1,
    },
  },
  /** Shared memory objects: segments, shm_open, remap_file_pages; huge pages. */
  objects: { slips: SLIPS, weights: { ...MEMORY, ...FILES, ...PROCESSES, ...OBJECTS } },
  /** Wrong arguments and limits. */
  errors: {
    slips: 25,
    weights: {
      ...MEMORY,
      ...FILES,
      ...PROCESSES,
      segment: 3,
      remapPages: 1,
      huge: 4,
      mincore: 3,
      lock: 5,
      break: 3,
      limit: 3,
    },
  },
  /** Several processes and threads that wait for each other. */
  waits: {
    slips: SLIPS,
    weights: {
      store: 2,
      copyin: 1,
      mmapAnon: 2,
      mmapFile: 1,
      pwrite: 1,
      open: 6,
      dup: 2,
      close: 3,
      fileLock: 30,
      other: 6,
      useOther: 20,
      fork: 6,
      thread: 3,
      vfork: 1,
      futex: 2,
      waited: 8,
      exit: 2,
      exitThread: 1,
      kill: 2,
      wait: 1,
      sigaction: 1,
    },
  },
  /** Some of everything. */
  mixed: {
    slips: 6,
    weights: {
      ...MEMORY,
      ...FILES,
      ...PROCESSES,
      segment: 3,
      shmName: 1,
      remapPages: 1,
      huge: 5,
      mmapFile: 8,
      mmapAnon: 9,
      fork: 2,
      limit: 1,
    },
  },
} as const satisfies Record<string, ProfileShape>;

export type Profile = keyof typeof PROFILES;
