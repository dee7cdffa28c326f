/*
 * The constants of the scenario language, and the names of errno, signals and si_code.
 *
 * Every number here is Linux's binary interface on x86-64, written out so that old headers do not matter.
 * A new constant is one line in its table.
 */
#include "agent.h"
#include "names.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

struct constant { const char *name; uint64_t value; };

uint64_t arena_base = 0x100000000000ul, arena_size = 1ul << 30;

static const struct constant constants[] = {
    { "NULL", 0 }, { "MAP_FAILED", UINT64_MAX }, { "RLIM_INFINITY", UINT64_MAX },
    /* open */
    { "O_RDONLY", 0 }, { "O_WRONLY", 1 }, { "O_RDWR", 2 }, { "O_ACCMODE", 3 }, { "O_CREAT", 0100 },
    { "O_EXCL", 0200 }, { "O_NOCTTY", 0400 }, { "O_TRUNC", 01000 }, { "O_APPEND", 02000 }, { "O_NONBLOCK", 04000 },
    { "O_NDELAY", 04000 }, { "O_DSYNC", 010000 }, { "O_ASYNC", 020000 }, { "O_DIRECT", 040000 },
    { "O_LARGEFILE", 0100000 }, { "O_DIRECTORY", 0200000 }, { "O_NOFOLLOW", 0400000 }, { "O_NOATIME", 01000000 },
    { "O_CLOEXEC", 02000000 }, { "O_SYNC", 04010000 }, { "O_RSYNC", 04010000 }, { "O_PATH", 010000000 },
    { "O_TMPFILE", 020200000 },
    { "SEEK_SET", 0 }, { "SEEK_CUR", 1 }, { "SEEK_END", 2 }, { "SEEK_DATA", 3 }, { "SEEK_HOLE", 4 },
    /* fallocate */
    { "FALLOC_FL_KEEP_SIZE", 0x01 }, { "FALLOC_FL_PUNCH_HOLE", 0x02 }, { "FALLOC_FL_NO_HIDE_STALE", 0x04 },
    { "FALLOC_FL_COLLAPSE_RANGE", 0x08 }, { "FALLOC_FL_ZERO_RANGE", 0x10 }, { "FALLOC_FL_INSERT_RANGE", 0x20 },
    { "FALLOC_FL_UNSHARE_RANGE", 0x40 }, { "FALLOC_FL_WRITE_ZEROES", 0x80 },
    { "MFD_CLOEXEC", 1 }, { "MFD_ALLOW_SEALING", 2 }, { "MFD_HUGETLB", 4 }, { "MFD_NOEXEC_SEAL", 8 },
    { "MFD_EXEC", 0x10 }, { "MFD_HUGE_2MB", 21u << 26 }, { "MFD_HUGE_1GB", 30u << 26 },
    /* mmap */
    { "PROT_NONE", 0 }, { "PROT_READ", 1 }, { "PROT_WRITE", 2 }, { "PROT_EXEC", 4 }, { "PROT_SEM", 8 },
    { "PROT_GROWSDOWN", 0x01000000 }, { "PROT_GROWSUP", 0x02000000 },
    { "MAP_FILE", 0 }, { "MAP_SHARED", 0x01 }, { "MAP_PRIVATE", 0x02 }, { "MAP_SHARED_VALIDATE", 0x03 },
    { "MAP_DROPPABLE", 0x08 }, { "MAP_TYPE", 0x0f }, { "MAP_FIXED", 0x10 }, { "MAP_ANONYMOUS", 0x20 },
    { "MAP_ANON", 0x20 }, { "MAP_32BIT", 0x40 }, { "MAP_ABOVE4G", 0x80 }, { "MAP_GROWSDOWN", 0x100 },
    { "MAP_DENYWRITE", 0x800 }, { "MAP_EXECUTABLE", 0x1000 }, { "MAP_LOCKED", 0x2000 }, { "MAP_NORESERVE", 0x4000 },
    { "MAP_POPULATE", 0x8000 }, { "MAP_NONBLOCK", 0x10000 }, { "MAP_STACK", 0x20000 }, { "MAP_HUGETLB", 0x40000 },
    { "MAP_SYNC", 0x80000 }, { "MAP_FIXED_NOREPLACE", 0x100000 }, { "MAP_UNINITIALIZED", 0x4000000 },
    { "MAP_HUGE_SHIFT", 26 }, { "MAP_HUGE_MASK", 0x3f }, { "MAP_HUGE_2MB", 21u << 26 }, { "MAP_HUGE_1GB", 30u << 26 },
    { "MREMAP_MAYMOVE", 1 }, { "MREMAP_FIXED", 2 }, { "MREMAP_DONTUNMAP", 4 },
    { "MS_ASYNC", 1 }, { "MS_INVALIDATE", 2 }, { "MS_SYNC", 4 },
    /* madvise */
    { "MADV_NORMAL", 0 }, { "MADV_RANDOM", 1 }, { "MADV_SEQUENTIAL", 2 }, { "MADV_WILLNEED", 3 },
    { "MADV_DONTNEED", 4 }, { "MADV_FREE", 8 }, { "MADV_REMOVE", 9 }, { "MADV_DONTFORK", 10 }, { "MADV_DOFORK", 11 },
    { "MADV_MERGEABLE", 12 }, { "MADV_UNMERGEABLE", 13 }, { "MADV_HUGEPAGE", 14 }, { "MADV_NOHUGEPAGE", 15 },
    { "MADV_DONTDUMP", 16 }, { "MADV_DODUMP", 17 }, { "MADV_WIPEONFORK", 18 }, { "MADV_KEEPONFORK", 19 },
    { "MADV_COLD", 20 }, { "MADV_PAGEOUT", 21 }, { "MADV_POPULATE_READ", 22 }, { "MADV_POPULATE_WRITE", 23 },
    { "MADV_DONTNEED_LOCKED", 24 }, { "MADV_COLLAPSE", 25 }, { "MADV_HWPOISON", 100 }, { "MADV_SOFT_OFFLINE", 101 },
    { "MADV_GUARD_INSTALL", 102 }, { "MADV_GUARD_REMOVE", 103 },
    { "PR_SET_MM", 35 }, { "PR_SET_MEMORY_MERGE", 67 }, { "PR_GET_MEMORY_MERGE", 68 }, { "PR_SET_MDWE", 65 }, { "PR_GET_MDWE", 66 }, { "PR_MDWE_REFUSE_EXEC_GAIN", 1 },
    { "PR_MDWE_NO_INHERIT", 2 }, { "PR_SET_VMA", 0x53564d41 }, { "PR_SET_VMA_ANON_NAME", 0 },
    { "SYNC_FILE_RANGE_WAIT_BEFORE", 1 }, { "SYNC_FILE_RANGE_WRITE", 2 }, { "SYNC_FILE_RANGE_WAIT_AFTER", 4 },
    { "POSIX_FADV_NORMAL", 0 }, { "POSIX_FADV_RANDOM", 1 }, { "POSIX_FADV_SEQUENTIAL", 2 },
    { "POSIX_FADV_WILLNEED", 3 }, { "POSIX_FADV_DONTNEED", 4 }, { "POSIX_FADV_NOREUSE", 5 },
    { "MCL_CURRENT", 1 }, { "MCL_FUTURE", 2 }, { "MCL_ONFAULT", 4 }, { "MLOCK_ONFAULT", 1 },
    /* System V shared memory */
    { "IPC_PRIVATE", 0 }, { "IPC_CREAT", 01000 }, { "IPC_EXCL", 02000 }, { "IPC_RMID", 0 }, { "IPC_SET", 1 },
    { "IPC_STAT", 2 }, { "IPC_INFO", 3 }, { "SHM_RDONLY", 010000 }, { "SHM_RND", 020000 }, { "SHM_REMAP", 040000 },
    { "SHM_EXEC", 0100000 }, { "SHM_HUGETLB", 04000 }, { "SHM_NORESERVE", 010000 }, { "SHM_HUGE_2MB", 21u << 26 },
    { "SHM_HUGE_1GB", 30u << 26 }, { "SHM_LOCK", 11 }, { "SHM_UNLOCK", 12 }, { "SHM_STAT", 13 }, { "SHM_INFO", 14 },
    { "SHM_STAT_ANY", 15 },
    /* fcntl */
    { "F_DUPFD", 0 }, { "F_GETFD", 1 }, { "F_SETFD", 2 }, { "F_GETFL", 3 }, { "F_SETFL", 4 }, { "F_GETLK", 5 },
    { "F_SETLK", 6 }, { "F_SETLKW", 7 }, { "F_OFD_GETLK", 36 }, { "F_OFD_SETLK", 37 }, { "F_OFD_SETLKW", 38 },
    { "F_RDLCK", 0 }, { "F_WRLCK", 1 }, { "F_UNLCK", 2 }, { "LOCK_SH", 1 }, { "LOCK_EX", 2 }, { "LOCK_NB", 4 }, { "LOCK_UN", 8 }, { "F_DUPFD_CLOEXEC", 1030 }, { "F_ADD_SEALS", 1033 }, { "F_GET_SEALS", 1034 },
    { "F_SEAL_SEAL", 0x01 }, { "F_SEAL_SHRINK", 0x02 }, { "F_SEAL_GROW", 0x04 }, { "F_SEAL_WRITE", 0x08 },
    { "F_SEAL_FUTURE_WRITE", 0x10 }, { "F_SEAL_EXEC", 0x20 },
    { "FUTEX_WAIT", 0 }, { "FUTEX_WAKE", 1 }, { "FUTEX_PRIVATE_FLAG", 128 },
    /* signals and limits */
    { "SIGSEGV", 11 }, { "SIGBUS", 7 }, { "SIGXFSZ", 25 }, { "SIGPIPE", 13 }, { "SIGKILL", 9 },
    { "default", 0 }, { "SIG_DFL", 0 }, { "ignore", 1 }, { "SIG_IGN", 1 }, { "catch", 2 },
    { "RLIMIT_FSIZE", 1 }, { "RLIMIT_DATA", 2 }, { "RLIMIT_STACK", 3 }, { "RLIMIT_NOFILE", 7 },
    { "RLIMIT_MEMLOCK", 8 }, { "RLIMIT_AS", 9 },
};

bool constant_value(const char *name, uint64_t *value)
{
    if (strcmp(name, "A") == 0) {
        *value = arena_base;
        return true;
    }
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (strcmp(constants[i].name, name) != 0) continue;
        *value = constants[i].value;
        return true;
    }
    return false;
}

static const char *const errno_names[] = {
    "0", "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF",
    "ECHILD", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV",
    "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE",
    "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK", "ENOSYS", "ENOTEMPTY",
    "ELOOP", NULL, "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST", "ELNRNG", "EUNATCH",
    "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC", "EBADSLT", NULL, "EBFONT",
    "ENOSTR", "ENODATA", "ETIME", "ENOSR", "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT",
    "ECOMM", "EPROTO", "EMULTIHOP", "EDOTDOT", "EBADMSG", "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG", "ELIBACC",
    "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART", "ESTRPIPE", "EUSERS", "ENOTSOCK", "EDESTADDRREQ",
    "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "EPFNOSUPPORT",
    "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH", "ENETRESET", "ECONNABORTED",
    "ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS", "ETIMEDOUT", "ECONNREFUSED",
    "EHOSTDOWN", "EHOSTUNREACH", "EALREADY", "EINPROGRESS", "ESTALE", "EUCLEAN", "ENOTNAM", "ENAVAIL", "EISNAM",
    "EREMOTEIO", "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED",
    "EKEYREJECTED", "EOWNERDEAD", "ENOTRECOVERABLE", "ERFKILL", "EHWPOISON",
};

static const char *const signal_names[] = {
    NULL, "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
    "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
    "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
    "SIGSYS",
};

static const char *const segv_codes[] = {
    NULL, "SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR", "SEGV_ACCADI", "SEGV_ADIDERR", "SEGV_ADIPERR",
    "SEGV_MTEAERR", "SEGV_MTESERR", "SEGV_CPERR",
};

static const char *const bus_codes[] = {
    NULL, "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO",
};

static const char *lookup(const char *const *table, size_t size, int number, char spare[24])
{
    if (number >= 0 && (size_t)number < size && table[number]) return table[number];
    snprintf(spare, 24, "%d", number);
    return spare;
}
#define LOOKUP(table, number, spare) lookup(table, sizeof table / sizeof *table, number, spare)

const char *errno_name(int number)
{
    static char spare[24];
    return LOOKUP(errno_names, number, spare);
}

const char *signal_name(int number)
{
    static char spare[24];
    return LOOKUP(signal_names, number, spare);
}

const char *si_code_name(int signal, int code)
{
    static char spare[24];
    if (code == 0) return "SI_USER";
    if (code == 0x80) return "SI_KERNEL";
    if (code == -6) return "SI_TKILL";
    if (signal == 11) return LOOKUP(segv_codes, code, spare);
    if (signal == 7) return LOOKUP(bus_codes, code, spare);
    return lookup(NULL, 0, code, spare);
}
