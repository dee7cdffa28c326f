/*
 * The controller's side of the control region: starts the first process, gives commands, waits with a limit,
 * sees deaths (robust futex, then pidfd), makes processes fork, and clears up after a scenario.
 *
 * Invariant: one command is under way at a time. A death is reported only once the process is a zombie, so that
 * its parent's wait() is sure to find it.
 */
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEATH_SECONDS 10
#define SLICE_NS 50000000                  /* at most a second */
#define MEMLOCK_BYTES (8ul << 20)
#define STACK_BYTES (8ul << 20)
#define NOFILE_COUNT 1024

volatile int interrupted;

static struct process *all;
static double limit_seconds;

bool own_overlaps(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < CONTROL->nr_own; i++)
        if (start < CONTROL->own[i].end && CONTROL->own[i].start < end) return true;
    return false;
}

uint64_t own_pages(void)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < CONTROL->nr_own; i++) bytes += CONTROL->own[i].end - CONTROL->own[i].start;
    return bytes / PAGE_SIZE;
}

/* ---- preparing ---- */

/* The read-only segments of this program: the mappings of the file that holds agent_enter. */
static bool find_own_text(void)
{
    struct { unsigned long start, end, inode; char perms[5]; } seen[64];
    unsigned nr = 0;
    unsigned long inode = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    char row[4400];
    while (maps && nr < 64 && fgets(row, sizeof row, maps)) {
        if (sscanf(row, "%lx-%lx %4s %*x %*s %lu", &seen[nr].start, &seen[nr].end, seen[nr].perms, &seen[nr].inode) != 4) continue;
        if ((uint64_t)agent_enter >= seen[nr].start && (uint64_t)agent_enter < seen[nr].end) inode = seen[nr].inode;
        nr++;
    }
    if (maps) fclose(maps);
    for (unsigned i = 0; inode && i < nr && CONTROL->nr_keep < MAX_KEEP; i++)
        if (seen[i].inode == inode && seen[i].perms[1] != 'w')
            CONTROL->keep[CONTROL->nr_keep++] = (struct range){ seen[i].start, seen[i].end };
    return CONTROL->nr_keep > 0;
}

bool processes_prepare(double step_seconds)
{
    void *at = mmap((void *)CONTROL_BASE, CONTROL_END - CONTROL_BASE, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    limit_seconds = step_seconds;
    if (at != (void *)CONTROL_BASE) {
        perror("driver: cannot map the control region");
        return false;
    }
    CONTROL->controller = getpid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (find_own_text()) return true;
    fprintf(stderr, "driver: cannot find its own program in /proc/self/maps; is /proc mounted?\n");
    return false;
}

static bool set_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit = { soft, hard };
    return setrlimit(resource, &limit) == 0;
}

/* The soft limit alone, as far as the hard one allows. */
static void set_soft_limit(int resource, rlim_t soft)
{
    struct rlimit limit;
    getrlimit(resource, &limit);
    set_limit(resource, soft < limit.rlim_max ? soft : limit.rlim_max, limit.rlim_max);
}

/* The hard MEMLOCK limit leaves room for mlockall, which counts the driver's own pages (handle-memory.c). */
static void set_limits(void)
{
    static const int unlimited[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE };
    set_limit(RLIMIT_CORE, 0, 0);
    if (!set_limit(RLIMIT_MEMLOCK, MEMLOCK_BYTES, 2 * MEMLOCK_BYTES)) set_soft_limit(RLIMIT_MEMLOCK, MEMLOCK_BYTES);
    for (size_t i = 0; i < sizeof unlimited / sizeof *unlimited; i++)
        if (!set_limit(unlimited[i], RLIM_INFINITY, RLIM_INFINITY)) set_soft_limit(unlimited[i], RLIM_INFINITY);
    set_soft_limit(RLIMIT_STACK, STACK_BYTES);
    set_soft_limit(RLIMIT_NOFILE, NOFILE_COUNT);
}

/* When memory runs out the scenario is to die, nobody else. */
static void volunteer_for_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "1000", 4) == 4) close(fd);
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    syscall(SYS_capset, &header, none);
}

/* In the child, before it becomes a scenario process. */
static void enter(struct slot *slot, const char *cwd) __attribute__((noreturn));
static void enter(struct slot *slot, const char *cwd)
{
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < 65; i++) signal(i, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();                              /* no terminal: /dev/tty is ENXIO wherever the driver was started */
    volunteer_for_oom();
    int null = open("/dev/null", O_RDWR);
    if (chdir(cwd) != 0 || null < 0) _exit(1);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0) _exit(1);
    syscall(SYS_close_range, 3u, ~0u, 0u);
    umask(0);
    set_limits();
    drop_capabilities();
    agent_enter(slot);
}

/* ---- waiting ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool has_died(const struct process *process, int milliseconds)
{
    struct pollfd poller = { process->pidfd, POLLIN, 0 };
    return poll(&poller, 1, milliseconds) > 0;
}

/* Waits until the process has answered, has died, or the time is over. A death under way is told by the robust
 * futex at once; one that came while the process was idle is seen a slice later. */
static enum outcome await_reply(const struct process *process)
{
    struct slot *slot = process_slot(process);
    const struct timespec slice = { 0, SLICE_NS };
    double end = now() + limit_seconds;
    for (;;) {
        uint32_t seen = __atomic_load_n(&slot->reply, __ATOMIC_ACQUIRE);
        if (seen == REPLY_DONE) return DONE;
        if (seen & FUTEX_OWNER_DIED) return DIED;
        if (now() > end || interrupted) return TIMED_OUT;
        long r = syscall(SYS_futex, &slot->reply, FUTEX_WAIT, seen, &slice, NULL, 0);
        if (r < 0 && errno == ETIMEDOUT && has_died(process, 0)) return DIED;
    }
}

/* Waits until the process is a zombie or gone. */
static bool await_death(const struct process *process)
{
    double end = now() + DEATH_SECONDS;
    while (now() < end)
        if (has_died(process, 1000)) return true;
    fprintf(stderr, "driver: process %d will not die\n", (int)process->pid);
    return false;
}

/* The signal that ended a zombie, from the last field of its stat; its own parent is to find it still. */
static int death_signal(pid_t pid)
{
    char path[64], text[1024];
    int status = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0) close(fd);
    if (length > 0) {
        text[length] = '\0';
        char *last = strrchr(text, ' ');
        if (last) status = atoi(last + 1);
    }
    return status & 0x7f;
}

static void mark_dead(struct process *process)
{
    process->alive = false;
    process->death_signal = death_signal(process->pid);
    close(process->pidfd);
    process->pidfd = -1;
}

static enum outcome end_of_command(struct process *process)
{
    enum outcome outcome = await_reply(process);
    if (outcome == DONE) return DONE;
    if (outcome == TIMED_OUT) kill(process->pid, SIGKILL);
    await_death(process);
    mark_dead(process);
    return outcome;
}

/* ---- commands ---- */

enum outcome process_command(struct process *process, enum op op, const uint64_t args[6])
{
    struct slot *slot = process_slot(process);
    slot->op = op;
    slot->nr_notes = 0;
    memcpy(slot->args, args, sizeof slot->args);
    slot->reply = (uint32_t)process->pid | FUTEX_WAITERS;
    __atomic_store_n(&slot->command, slot->command + 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &slot->command, FUTEX_WAKE, 1, NULL, NULL, 0);
    return end_of_command(process);
}

enum outcome process_syscall(struct process *process, long nr, const uint64_t args[6], int64_t *result)
{
    process_slot(process)->nr = (uint64_t)nr;
    enum outcome outcome = process_command(process, OP_SYSCALL, args);
    *result = process_slot(process)->result;
    return outcome;
}

/* The index of a slot that no living process has, or MAX_PROCESSES; parse.c limits the forks. */
static int free_slot(void)
{
    bool used[MAX_PROCESSES] = { false };
    int index = 0;
    for (struct process *p = all; p; p = p->next)
        if (p->alive) used[p->index] = true;
    while (index < MAX_PROCESSES && used[index]) index++;
    return index;
}

static struct process *new_process(void)
{
    struct process *process = calloc(1, sizeof *process);
    int index = free_slot();
    if (!process || index == MAX_PROCESSES) abort();
    process->index = index;
    memset(SLOT_AT(index), 0, sizeof(struct slot));
    SLOT_AT(index)->reply = REPLY_NONE;
    return process;
}

static void enlist(struct process *process, pid_t pid)
{
    process->pid = pid;
    process->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    process->alive = true;
    process->next = all;
    all = process;
}

struct process *process_start(const char *cwd)
{
    struct process *process = new_process();
    pid_t pid = fork();
    if (pid == 0) enter(process_slot(process), cwd);
    if (pid < 0) {
        perror("driver: cannot fork");
        free(process);
        return NULL;
    }
    enlist(process, pid);
    if (end_of_command(process) == DONE) {
        process->highest_break = CONTROL->heap;
        return process;
    }
    if (!interrupted) fprintf(stderr, "driver: the first process did not start\n");
    return NULL;
}

enum outcome process_fork(struct process *parent, struct process **child, int64_t *error)
{
    struct process *made = new_process();
    *child = NULL;
    *error = 0;
    memcpy(process_slot(made)->disposition, process_slot(parent)->disposition, sizeof process_slot(made)->disposition);
    uint64_t args[6] = { (uint64_t)made->index };
    enum outcome outcome = process_command(parent, OP_FORK, args);
    *error = process_slot(parent)->result;
    if (outcome != DONE || *error < 0) {
        free(made);
        return outcome;
    }
    made->regions = parent->regions;
    made->highest_break = parent->highest_break;
    enlist(made, (pid_t)*error);
    if (end_of_command(made) == DONE) *child = made;
    else *error = 0;
    return DONE;
}

bool processes_finish(void)
{
    bool clean = true;
    for (struct process *p = all; p; p = p->next)
        if (p->alive) kill(p->pid, SIGKILL);
    while (all) {
        struct process *gone = all;
        if (gone->alive) clean = await_death(gone) && clean;
        if (gone->alive) close(gone->pidfd);
        all = gone->next;
        free(gone);
    }
    while (waitpid(-1, NULL, clean ? __WALL : __WALL | WNOHANG) > 0) continue;
    return clean;
}
