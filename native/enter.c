/*
 * What a child of the controller does before it becomes a scenario's first process: limits, descriptors, directory,
 * no capability.
 */
#define _GNU_SOURCE
#include "enter.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMLOCK_BYTES (8ul << 20)
#define HARD_MEMLOCK_BYTES (64ul << 20)    /* that and all that the driver has mapped in a process */
#define STACK_BYTES (8ul << 20)
#define NOFILE_COUNT 1024

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
    if (!set_limit(RLIMIT_MEMLOCK, MEMLOCK_BYTES, HARD_MEMLOCK_BYTES)) set_soft_limit(RLIMIT_MEMLOCK, MEMLOCK_BYTES);
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

/* Of several that one call wakes the first is to run first. Where that is not allowed the scheduler chooses. */
static void run_in_turn(void)
{
    struct sched_param lowest = { sched_get_priority_min(SCHED_FIFO) };
    sched_setscheduler(0, SCHED_FIFO, &lowest);
}

void enter(struct slot *slot, const char *cwd)
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
    run_in_turn();
    drop_capabilities();
    ((void (*)(struct slot *))((uint64_t)agent_enter + CONTROL->shift))(slot);
    __builtin_unreachable();
}
