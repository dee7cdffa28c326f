/**
 * Which calls and flags the machine knows, and how much of each: the one source of the table in README.md.
 *
 * Place: words; pure data. The README's table is made from it (scripts/support-table.ts) and a test compares the two, checks
 * that every constant of a call is here, and asks the machine about each flag that is said to be refused or accepted.
 *
 *   supported    what Linux does, as far as a program can tell
 *   partial      some of it; the note says what is missing
 *   ignored      accepted without effect
 *   unsupported  refused with the errno, or not there at all
 */

export type Support = 'supported' | 'partial' | 'ignored' | 'unsupported';

export interface SupportRow {
  /** Calls or constants, by the manuals' names; all of them have the same support and note. */
  readonly names: readonly string[];
  readonly support: Support;
  /** What to know; '' where the manual page says it all. */
  readonly note: string;
  /** What an unsupported flag is refused with. */
  readonly errno?: string;
}

export interface SupportGroup {
  readonly title: string;
  readonly rows: readonly SupportRow[];
}

function supported(names: string, note = ''): SupportRow {
  return { names: names.split(' '), support: 'supported', note };
}

function partial(names: string, note: string): SupportRow {
  return { names: names.split(' '), support: 'partial', note };
}

function ignored(names: string, note: string): SupportRow {
  return { names: names.split(' '), support: 'ignored', note };
}

function refused(names: string, errno: string, note = ''): SupportRow {
  return { names: names.split(' '), support: 'unsupported', note, errno };
}

function absent(names: string, note = ''): SupportRow {
  return { names: names.split(' '), support: 'unsupported', note };
}

const CALLS: SupportGroup = {
  title: 'Calls',
  rows: [
    supported('mmap munmap mprotect mremap msync mincore mlock mlock2 munlock mlockall munlockall brk sbrk'),
    partial('madvise', 'advice about reclaim and dumps has nothing to act on, see below'),
    supported('read write pread pwrite lseek truncate ftruncate fallocate fsync fdatasync close dup memfd_create'),
    partial('pipe socketpair', 'a pipe holds 16 pages; sockets are AF_UNIX streams, whose room is counted in pages'),
    supported('readv writev preadv pwritev', 'the iovecs lie in the memory of the process'),
    supported('sync syncfs sync_file_range readahead'),
    partial('posix_fadvise', 'what was advised to be dropped goes if its write-back has ended'),
    partial('open chmod fchmod', 'everybody is the owner of everything, without privileges'),
    partial('fstat', 'size, type, permissions, links and times'),
    supported('link symlink unlink rename mkdir rmdir'),
    partial('process_madvise', 'one range; nobody has the privilege to advise other processes'),
    supported('mseal remap_file_pages shmat shmdt shm_open shm_unlink'),
    partial('shmget', 'one user, who owns every segment and has no privilege over it'),
    partial('shmctl', 'no times, process ids and owners'),
    supported('fcntl flock', 'commands as below; who waits for a lock makes no calls until he has it'),
    supported('fork vfork exit'),
    partial('thread exit_thread', 'clone(CLONE_THREAD) and the system call exit; no stack, no thread-local storage'),
    partial('process_vm_readv process_vm_writev', 'processes of one user: EPERM only after execve'),
    partial(
      'execve',
      'ELF programs of fixed addresses; no scripts, interpreters, arguments; a scenario knows one program that sleeps',
    ),
    partial('kill', 'SIGKILL and 0'),
    partial('getrusage', 'ru_minflt, ru_majflt and ru_maxrss of the process'),
    partial('futex', 'FUTEX_WAIT and FUTEX_WAKE; a thread that waits makes no calls until it is woken'),
    partial('wait', 'for one child, and never blocks: the answer may be "still running"'),
    partial('sigaction', 'a handler is a function that says retry or abandon; no masks, no flags, no alternate stack'),
    partial(
      'prctl',
      'PR_SET_MDWE, PR_SET_MEMORY_MERGE and what gets them; PR_SET_MM is refused as without the privilege',
    ),
    partial('prlimit setrlimit getrlimit', 'soft limits of the resources below'),
    partial('sysconf', 'the four names below'),
    absent('pkey_mprotect userfaultfd mbind'),
    absent('clone'),
    absent('sendfile copy_file_range'),
  ],
};

const MAPPING: SupportGroup = {
  title: 'mmap, mprotect, mremap',
  rows: [
    supported('PROT_NONE PROT_READ PROT_WRITE PROT_EXEC PROT_GROWSDOWN'),
    ignored('PROT_SEM', 'as on Linux for x86'),
    refused('PROT_GROWSUP', 'EINVAL', 'as on Linux for x86'),
    supported(
      'MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE MAP_TYPE MAP_ANONYMOUS MAP_FIXED MAP_FIXED_NOREPLACE MAP_32BIT',
    ),
    supported('MAP_GROWSDOWN MAP_LOCKED MAP_POPULATE MAP_NONBLOCK'),
    supported('MAP_STACK', 'no huge pages, which blocks merging'),
    supported('MAP_NORESERVE', 'not honoured in vm.overcommit_memory = 2'),
    partial('MAP_DROPPABLE', 'wiped on fork and never locked, but nothing drops its pages'),
    ignored('MAP_DENYWRITE MAP_EXECUTABLE', 'as on Linux'),
    supported('MAP_SYNC', 'without direct access: EOPNOTSUPP with MAP_SHARED_VALIDATE, and for every file on ext4'),
    supported(
      'MAP_HUGETLB',
      'from a pool of `hugePages` (none by default: ENOMEM, unless MAP_NORESERVE); EINVAL on a usual file',
    ),
    supported('MAP_HUGE_2MB'),
    partial('MAP_HUGE_1GB', 'the pool of such pages is always empty'),
    supported('MREMAP_MAYMOVE MREMAP_FIXED MREMAP_DONTUNMAP'),
  ],
};

const MEMORY: SupportGroup = {
  title: 'msync, mlock, mlockall',
  rows: [
    supported('MS_SYNC'),
    supported('MS_ASYNC', 'nothing to do, as on Linux since 2.6.19'),
    supported('MS_INVALIDATE', 'EBUSY on locked memory, else nothing to do'),
    supported('MLOCK_ONFAULT MCL_CURRENT MCL_FUTURE MCL_ONFAULT'),
  ],
};

const ADVICE: SupportGroup = {
  title: 'madvise',
  rows: [
    supported('MADV_NORMAL MADV_DONTNEED MADV_DONTNEED_LOCKED MADV_REMOVE MADV_POPULATE_READ MADV_POPULATE_WRITE'),
    supported('MADV_DONTFORK MADV_DOFORK MADV_WIPEONFORK MADV_KEEPONFORK MADV_GUARD_INSTALL MADV_GUARD_REMOVE'),
    supported('MADV_RANDOM', 'faults read one page'),
    partial('MADV_SEQUENTIAL', 'the mark is kept; readahead does not look at it'),
    partial('MADV_WILLNEED', 'reads the pages in, and waits for them'),
    partial('MADV_FREE', 'the pages become clean, and stay'),
    ignored('MADV_COLD MADV_PAGEOUT', 'there is no reclaim; EINVAL on locked memory'),
    partial('MADV_HUGEPAGE', 'a fault in private anonymous memory fills 2 MiB, as 512 small entries; files get none'),
    supported('MADV_NOHUGEPAGE'),
    ignored('MADV_MERGEABLE MADV_UNMERGEABLE', 'the mark is kept and blocks merging'),
    ignored('MADV_DONTDUMP MADV_DODUMP', 'the mark is kept and blocks merging; there are no core dumps'),
    partial(
      'MADV_COLLAPSE',
      'private anonymous memory becomes 512 small entries over frames in a row; pages of shared memory stay',
    ),
    refused('MADV_HWPOISON MADV_SOFT_OFFLINE', 'EINVAL', 'as on a kernel without CONFIG_MEMORY_FAILURE'),
  ],
};

const FILES: SupportGroup = {
  title: 'open, fcntl, lseek, fallocate, memfd_create',
  rows: [
    supported(
      'O_RDONLY O_WRONLY O_RDWR O_ACCMODE O_CREAT O_EXCL O_TRUNC O_APPEND O_DIRECTORY O_NOFOLLOW O_NOATIME O_PATH O_CLOEXEC',
    ),
    supported('O_NONBLOCK', 'of pipes and sockets; of files it says nothing'),
    ignored('O_NOCTTY O_LARGEFILE', 'as on Linux for such files'),
    ignored('O_SYNC O_DSYNC', 'a write stays in the page cache until fsync'),
    partial('O_DIRECT', 'asks ext4 for whole sectors as Linux does, but goes through the page cache'),
    refused('O_TMPFILE', 'EISDIR', 'as on a file system without it'),
    supported('SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE'),
    supported('FALLOC_FL_KEEP_SIZE FALLOC_FL_PUNCH_HOLE'),
    supported('FALLOC_FL_ZERO_RANGE FALLOC_FL_COLLAPSE_RANGE FALLOC_FL_INSERT_RANGE', 'ext4 only, as on Linux'),
    refused('FALLOC_FL_UNSHARE_RANGE FALLOC_FL_WRITE_ZEROES', 'EOPNOTSUPP', 'as on tmpfs and ext4'),
    supported('F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL FD_CLOEXEC F_ADD_SEALS F_GET_SEALS'),
    supported('F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW F_SEAL_WRITE F_SEAL_FUTURE_WRITE F_SEAL_EXEC F_ALL_SEALS'),
    supported(
      'F_GETLK F_SETLK F_SETLKW F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_RDLCK F_WRLCK F_UNLCK LOCK_SH LOCK_EX LOCK_UN LOCK_NB',
    ),
    supported('PR_SET_MDWE PR_GET_MDWE PR_MDWE_REFUSE_EXEC_GAIN PR_MDWE_NO_INHERIT'),
    partial('PR_SET_MEMORY_MERGE PR_GET_MEMORY_MERGE', 'mappings are marked, pages never merged'),
    refused('PR_SET_MM', 'EPERM', 'as without the privilege'),
    refused('PR_SET_VMA PR_SET_VMA_ANON_NAME', 'EINVAL', 'as without CONFIG_ANON_VMA_NAME'),
    supported('SYNC_FILE_RANGE_WAIT_BEFORE SYNC_FILE_RANGE_WRITE SYNC_FILE_RANGE_WAIT_AFTER'),
    supported('POSIX_FADV_NORMAL POSIX_FADV_RANDOM POSIX_FADV_SEQUENTIAL POSIX_FADV_WILLNEED POSIX_FADV_DONTNEED'),
    ignored('POSIX_FADV_NOREUSE', 'there is no reclaim'),
    supported('MFD_ALLOW_SEALING MFD_CLOEXEC MFD_EXEC MFD_NOEXEC_SEAL'),
    supported('MFD_HUGETLB MFD_HUGE_2MB'),
    partial('MFD_HUGE_1GB', 'the pool of such pages is always empty'),
  ],
};

const SEGMENTS: SupportGroup = {
  title: 'System V shared memory',
  rows: [
    supported('IPC_PRIVATE IPC_CREAT IPC_EXCL IPC_RMID IPC_STAT IPC_INFO SHM_STAT SHM_STAT_ANY SHM_LOCK SHM_UNLOCK'),
    partial('IPC_SET', 'the permissions'),
    partial('SHM_INFO', 'segments, their pages, and those in memory'),
    supported('SHM_RDONLY SHM_RND SHM_REMAP SHM_EXEC SHM_NORESERVE SHM_DEST SHM_LOCKED'),
    supported('SHM_HUGETLB SHM_HUGE_2MB'),
    partial('SHM_HUGE_1GB', 'the pool of such pages is always empty'),
  ],
};

const SURROUNDINGS: SupportGroup = {
  title: 'Limits, signals, sysconf',
  rows: [
    supported('RLIMIT_AS RLIMIT_DATA RLIMIT_STACK RLIMIT_MEMLOCK RLIMIT_FSIZE RLIMIT_NOFILE RLIM_INFINITY'),
    supported('SIGSEGV SIGBUS SIGXFSZ SIGPIPE', 'raised by accesses and writes; nobody sends signals'),
    supported('SIGKILL', 'ends a process whose access finds no free frame'),
    supported('FUTEX_WAIT FUTEX_WAKE FUTEX_PRIVATE_FLAG'),
    supported('SC_PAGESIZE SC_NPROCESSORS_ONLN SC_PHYS_PAGES SC_AVPHYS_PAGES'),
  ],
};

export const SUPPORT: readonly SupportGroup[] = [CALLS, MAPPING, MEMORY, ADVICE, FILES, SEGMENTS, SURROUNDINGS];
