/**
 * Numbers of the system calls that the machine has, as on x86-64.
 *
 * Place: what the `sys_enter` record of the trace holds.
 * Source: Linux arch/x86/entry/syscalls/syscall_64.tbl.
 */

export const SYS_READ = 0;
export const SYS_WRITE = 1;
export const SYS_OPEN = 2;
export const SYS_CLOSE = 3;
export const SYS_FSTAT = 5;
export const SYS_LSEEK = 8;
export const SYS_MMAP = 9;
export const SYS_MPROTECT = 10;
export const SYS_MUNMAP = 11;
export const SYS_BRK = 12;
export const SYS_RT_SIGACTION = 13;
export const SYS_PREAD64 = 17;
export const SYS_PWRITE64 = 18;
export const SYS_READV = 19;
export const SYS_WRITEV = 20;
export const SYS_MREMAP = 25;
export const SYS_MSYNC = 26;
export const SYS_MINCORE = 27;
export const SYS_MADVISE = 28;
export const SYS_SHMGET = 29;
export const SYS_SHMAT = 30;
export const SYS_SHMCTL = 31;
export const SYS_DUP = 32;
export const SYS_SOCKETPAIR = 53;
export const SYS_CLONE = 56;
export const SYS_FORK = 57;
export const SYS_VFORK = 58;
export const SYS_EXECVE = 59;
export const SYS_EXIT = 60;
export const SYS_WAIT4 = 61;
export const SYS_KILL = 62;
export const SYS_SHMDT = 67;
export const SYS_FCNTL = 72;
export const SYS_FLOCK = 73;
export const SYS_FSYNC = 74;
export const SYS_TRUNCATE = 76;
export const SYS_FTRUNCATE = 77;
export const SYS_RENAME = 82;
export const SYS_MKDIR = 83;
export const SYS_RMDIR = 84;
export const SYS_LINK = 86;
export const SYS_UNLINK = 87;
export const SYS_SYMLINK = 88;
export const SYS_CHMOD = 90;
export const SYS_FCHMOD = 91;
export const SYS_GETRLIMIT = 97;
export const SYS_MUNLOCK = 150;
export const SYS_MLOCKALL = 151;
export const SYS_MUNLOCKALL = 152;
export const SYS_SETRLIMIT = 160;
export const SYS_REMAP_FILE_PAGES = 216;
export const SYS_PRCTL = 157;
export const SYS_SYNC = 162;
export const SYS_READAHEAD = 187;
export const SYS_FADVISE64 = 221;
export const SYS_SYNC_FILE_RANGE = 277;
export const SYS_FUTEX = 202;
export const SYS_EXIT_GROUP = 231;
export const SYS_FALLOCATE = 285;
export const SYS_PREADV = 295;
export const SYS_PWRITEV = 296;
export const SYS_PRLIMIT64 = 302;
export const SYS_SYNCFS = 306;
export const SYS_PROCESS_VM_READV = 310;
export const SYS_PROCESS_VM_WRITEV = 311;
export const SYS_MEMFD_CREATE = 319;
export const SYS_PIPE2 = 293;
export const SYS_MLOCK2 = 325;
export const SYS_PROCESS_MADVISE = 440;
export const SYS_MSEAL = 462;
