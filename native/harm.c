/*
 * What the driver will not do, to save itself: answered `= refused`.
 *
 * A call is refused only when the kernel would really carry it out to the damage of the driver's own mappings,
 * the machine, or something outside the scratch directory. What the kernel itself refuses is left to the kernel,
 * so that its errno is seen.
 */
#define _GNU_SOURCE
#include "calls.h"
#include "pool.h"
#include "proc.h"
#include "shm-room.h"

#include <linux/futex.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#define LONGEST_WAIT 1000000000ul          /* nanoseconds */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#define MAX_VECTOR 1024u                  /* UIO_MAXIOV: the kernel refuses more */
#define LARGE (1ul << 30)                  /* more memory or disk than a scenario may fill */
#define BEYOND (1ul << 46)                 /* more than any machine could: the kernel says no */
#define LARGEST_FILE (1ul << 44)           /* of ext4 */
#define FLAG_FIXED 0x10ul
#define FLAG_NOREPLACE 0x100000ul
#define FLAG_POPULATE 0x8000ul
#define REMAP_TO 6ul                       /* MREMAP_FIXED or MREMAP_DONTUNMAP */
#define ADVICE_POPULATE_READ 22
#define ADVICE_POPULATE_WRITE 23
#define ADVICE_GUARD_REMOVE 103
#define SCENARIO_LIMITS 0x38eu             /* a bit a resource: FSIZE, DATA, STACK, NOFILE, MEMLOCK, AS */
#define FREES_OR_SHIFTS 0x2aul             /* FALLOC_FL_ PUNCH_HOLE, COLLAPSE_RANGE, INSERT_RANGE */

/* Whole pages around [address, address + length), at most up to TASK_SIZE; empty when it wraps or has no length. */
static struct range pages(uint64_t address, uint64_t length)
{
    struct range range = { address & ~(PAGE_SIZE - 1), address + length };
    if (length == 0 || range.end < address || range.end > UINT64_MAX - PAGE_SIZE) return (struct range){ 0, 0 };
    range.end = (range.end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    if (range.end > TASK_SIZE) range.end = TASK_SIZE;
    return range;
}

static bool overlaps(uint64_t address, uint64_t length)
{
    struct range range = pages(address, length);
    return range.start < range.end && own_overlaps(range.start, range.end);
}

/* The same, for calls that the kernel refuses when the range does not lie in user space whole. */
static bool overlaps_if_valid(uint64_t address, uint64_t length)
{
    return length <= TASK_SIZE && address <= TASK_SIZE - length && overlaps(address, length);
}

/* The same, for what works its way up in a process and stops at the first hole. */
static bool reaches_in(const struct process *process, uint64_t address, uint64_t length)
{
    struct range range = pages(address, length);
    return overlaps(address, length) && own_overlaps(range.start, first_hole(process, range.start, range.end));
}

static bool reaches(const struct run *run, uint64_t address, uint64_t length)
{
    return reaches_in(run->process, address, length);
}

static bool is_aligned(uint64_t address)
{
    return address % PAGE_SIZE == 0;
}

static bool fills_machine(uint64_t length)
{
    return length > LARGE && length < BEYOND;
}

bool harms_mmap(struct run *run)
{
    uint64_t address = run->a[0], length = run->a[1], flags = run->a[3];
    if ((flags & FLAG_POPULATE) && fills_machine(length)) return true;
    if (!(flags & (FLAG_FIXED | FLAG_NOREPLACE)) && address == 0) return false;
    return overlaps_if_valid(address, length);
}

bool harms_mremap(struct run *run)
{
    uint64_t *a = run->a;
    if (!is_aligned(a[0])) return false;
    if (overlaps_if_valid(a[0], a[1] ? a[1] : 1)) return true;
    if ((a[3] & REMAP_TO) && a[1] <= TASK_SIZE && parts_reserved(run->process, a[0], a[1])) return true;
    return (a[3] & REMAP_TO) && overlaps_if_valid(a[4], a[2]);
}

bool harms_munmap(struct run *run)
{
    return is_aligned(run->a[0]) && overlaps_if_valid(run->a[0], run->a[1]);
}

/* Advice that the driver's shared memory bears: a mark, or nothing comes of it. */
static bool is_borne(uint32_t advice)
{
    static const uint32_t borne[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE,
                                      MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_KEEPONFORK,
                                      MADV_COLD, ADVICE_GUARD_REMOVE };
    for (size_t i = 0; i < sizeof borne / sizeof *borne; i++)
        if (advice == borne[i]) return true;
    return false;
}

bool harms_madvise(struct run *run)
{
    uint32_t advice = (uint32_t)run->a[2];
    if (!is_aligned(run->a[0]) || is_borne(advice)) return false;
    if (advice != ADVICE_POPULATE_READ && advice != ADVICE_POPULATE_WRITE) return overlaps(run->a[0], run->a[1]);
    struct range range = pages(run->a[0], run->a[1]);
    return reaches(run, run->a[0], run->a[1]) || fills_machine(first_hole(run->process, range.start, range.end) - range.start);
}

bool harms_stretch(struct run *run)
{
    return reaches(run, run->a[0], run->a[1]);
}

bool harms_residency(struct run *run)
{
    uint64_t nr_pages = run->a[1] / PAGE_SIZE + 1;
    return harms_stretch(run) || reaches(run, run->a[2], nr_pages);
}

bool harms_access(struct run *run)
{
    return overlaps(run->a[0], (uint64_t)run->statement->call->nr);
}

bool harms_copy(struct run *run)
{
    uint64_t length = run->statement->args[1].pieces ? run->data_length : run->a[1];
    return length > MAX_TRANSFER || reaches(run, run->a[0], length);
}

/* A length of 2^63 and more is no transfer: the kernel refuses it. */
static bool too_long(uint64_t length)
{
    return length > MAX_TRANSFER && length <= INT64_MAX;
}

bool harms_transfer(struct run *run)
{
    return too_long(run->a[2]) || reaches(run, run->a[1], run->a[2]);
}

static bool leaves_user_space(const struct iovec *range)
{
    return range->iov_len > TASK_SIZE || (uint64_t)range->iov_base > TASK_SIZE - range->iov_len;
}

/* The ranges stand in the process's memory. What cannot be read there is left to the kernel, and so is a count that it refuses. */
bool harms_vector(struct run *run)
{
    static struct iovec vector[MAX_VECTOR];
    uint64_t count = run->a[2], total = 0;
    if (count == 0 || count > MAX_VECTOR) return false;
    struct iovec here = { vector, count * sizeof *vector }, there = { (void *)run->a[1], count * sizeof *vector };
    if (reaches(run, run->a[1], here.iov_len)) return true;
    if (process_vm_readv(run->process->pid, &here, 1, &there, 1, 0) != (ssize_t)here.iov_len) return false;
    for (uint64_t i = 0; i < count; i++) {
        if (vector[i].iov_len > INT64_MAX || (count > 1 && leaves_user_space(&vector[i]))) return false;
        total += vector[i].iov_len;
        if (vector[i].iov_len > MAX_TRANSFER || total > MAX_TRANSFER) return true;
        if (reaches(run, (uint64_t)vector[i].iov_base, vector[i].iov_len)) return true;
    }
    return false;
}

/* What of a transfer to or from memory of a process comes about: it stops at the first hole. */
static uint64_t reached_length(const struct process *process, uint64_t address, uint64_t length)
{
    uint64_t end = address + length < address || address + length > TASK_SIZE ? TASK_SIZE : address + length;
    return address < end ? first_hole(process, address, end) - address : 0;
}

bool harms_between(const struct process *process, uint64_t here, const struct process *other, uint64_t there, uint64_t length)
{
    if (length > INT64_MAX) return false;
    uint64_t moved = reached_length(process, here, length), at_most = reached_length(other, there, length);
    if (at_most < moved) moved = at_most;
    return moved > MAX_TRANSFER || reaches_in(process, here, moved) || reaches_in(other, there, moved);
}

bool harms_length(struct run *run)
{
    return too_long(run->a[1]);
}

/* Really allocates, on tmpfs and for a memfd from RAM. Left to the kernel is what it refuses before it begins: an
 * end beyond the largest file, and on tmpfs more than its size. */
bool harms_fallocate(struct run *run)
{
    uint64_t length = run->a[3], end = run->a[2] + length, args[6] = { run->a[0], TRANSFER };
    const struct statfs *about = (const struct statfs *)TRANSFER;
    if ((run->a[1] & FREES_OR_SHIFTS) || length <= LARGE || length > INT64_MAX || end > INT64_MAX) return false;
    if (process_syscall(run->process, SYS_fstatfs, args, &run->result) != DONE || run->result != 0) return false;
    if (about->f_type == TMPFS_MAGIC) return length / PAGE_SIZE <= about->f_blocks || about->f_blocks == 0;
    return end <= LARGEST_FILE;
}

/* Four signals are the language's; what is no signal that could be set at all is left to the kernel. */
bool harms_sigaction(struct run *run)
{
    uint32_t signal = (uint32_t)run->a[0];
    bool of_the_language = signal == SIGBUS || signal == SIGSEGV || signal == SIGXFSZ || signal == SIGPIPE;
    bool impossible = signal == 0 || signal > 64 || signal == SIGKILL || signal == SIGSTOP;
    return run->a[1] > TO_CATCH || !(of_the_language || impossible);
}

/* The limits of memory and files; from 16 on there is no such limit and the kernel says so. */
bool harms_limit(struct run *run)
{
    uint32_t resource = (uint32_t)run->a[0];
    return resource < 16 && !(SCENARIO_LIMITS >> resource & 1);
}

bool harms_usage(struct run *run)
{
    return strcmp((const char *)run->a[0], "ru_maxrss") == 0;
}

/* Only SIGKILL is known; 0 and what is no signal the kernel looks at. */
bool harms_kill(struct run *run)
{
    uint32_t signal = (uint32_t)run->a[1];
    return signal != 0 && signal != SIGKILL && signal <= 64;
}

/* Waiting and waking; other operations that there are would write to memory or wait for what nobody gives. */
bool harms_futex(struct run *run)
{
    uint32_t command = (uint32_t)run->a[1] & ~FUTEX_PRIVATE_FLAG;
    bool other = command > FUTEX_FD && command <= FUTEX_LOCK_PI2;
    return other || (run->a[3] != UINT64_MAX && run->a[3] > LONGEST_WAIT) || overlaps(run->a[0], sizeof(uint32_t));
}

bool harms_prlimit(struct run *run)
{
    uint32_t resource = (uint32_t)run->a[1];
    return resource < 16 && !(SCENARIO_LIMITS >> resource & 1);
}

/* What forbids memory to become executable, and what is refused for lack of privilege or of a name for memory. */
bool harms_prctl(struct run *run)
{
    uint32_t option = (uint32_t)run->a[0];
    if (option == PR_SET_MM) return run->a[1] == PR_SET_MM_MAP || run->a[1] == PR_SET_MM_MAP_SIZE;
    if (option == PR_SET_MEMORY_MERGE || option == PR_GET_MEMORY_MERGE) return false;
    return !(option == PR_SET_MDWE || option == PR_GET_MDWE || option == PR_SET_VMA);
}

/* Duplicates, flags and seals; the others would write to memory, wait or send signals. */
bool harms_fcntl(struct run *run)
{
    uint64_t command = run->a[1];
    return !(command <= 4 || command == 1030 || command == 1033 || command == 1034);
}

/* O_NOTIFICATION_PIPE, and other types of sockets. */
bool harms_pipe(struct run *run)
{
    return (run->a[2] & 0x8f) != 0;
}

bool harms_pagemap(struct run *run)
{
    return run->a[1] / PAGE_SIZE >= MAX_TRANSFER;
}

/* Elsewhere a key, and any number that is an identifier, could be somebody else's. */
bool harms_shmget(struct run *run)
{
    return !shm_is_private() && (uint32_t)run->a[0] != IPC_PRIVATE;
}

/* Only SHM_REMAP replaces what stands at the address; how much, the segment says. */
bool harms_shmat(struct run *run)
{
    struct shmid_ds about;
    if (!shm_is_private() && !shm_was_made((int)run->a[0])) return true;
    if (!(run->a[2] & SHM_REMAP) || shmctl((int)run->a[0], IPC_STAT, &about) != 0) return false;
    uint64_t start = run->a[2] & SHM_RND ? run->a[1] & ~(PAGE_SIZE - 1) : run->a[1];
    return overlaps_if_valid(start, about.shm_segsz);
}

bool harms_shmctl(struct run *run)
{
    return !shm_is_private() && !shm_was_made((int)run->a[0]);
}

/* What the directory of the names stands in is not the scenario's. */
bool harms_shm_name(struct run *run)
{
    const char *name = (const char *)run->a[0];
    return strcmp(name + strspn(name, "/"), "..") == 0;
}

/* With a struct flock: the commands on locks. */
bool harms_lock(struct run *run)
{
    uint32_t command = (uint32_t)run->a[1];
    return !((command >= 5 && command <= 7) || (command >= 36 && command <= 38));
}

/* LOCK_MAND, which is no lock any more: the kernel would complain in its log. */
bool harms_flock(struct run *run)
{
    return (run->a[1] & 32) != 0;
}
