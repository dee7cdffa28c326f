/*
 * The controller's processes: starts the first, has processes fork and make threads, and clears up after a scenario.
 *
 * Commands, and how their end is seen, are command.c's.
 */
#define _GNU_SOURCE
#include "process.h"
#include "command.h"
#include "enter.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


volatile int interrupted;

struct process *all;
static struct space *spaces;

/* ---- preparing ---- */

bool processes_prepare(double step_seconds)
{
    void *at = mmap((void *)CONTROL_BASE, CONTROL_END - CONTROL_BASE, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    command_limit(step_seconds);
    if (at != (void *)CONTROL_BASE) {
        perror("driver: cannot map the control region");
        return false;
    }
    CONTROL->controller = getpid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (copy_program()) return true;
    fprintf(stderr, "driver: cannot copy its own program, which /proc/self/maps shows; is /proc mounted?\n");
    return false;
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

static struct space *new_space(const struct space *from)
{
    struct space *space = calloc(1, sizeof *space);
    if (!space) abort();
    if (from) *space = *from;
    space->next = spaces;
    spaces = space;
    return space;
}

/* Another program: nothing that was placed before is there any more. */
void process_renew_space(struct process *process)
{
    process->space = new_space(NULL);
    process->space->highest_break = CONTROL->heap;
}

/* `group`: the process that it is a thread of, its own id where it is none's. */
static void enlist(struct process *process, pid_t pid, pid_t group)
{
    process->pid = pid;
    process->group = group;
    process->pidfd = (int)syscall(SYS_pidfd_open, group, 0);
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
    process->space = new_space(NULL);
    enlist(process, pid, pid);
    if (end_of_command(process) == DONE) {
        process->space->highest_break = CONTROL->heap;
        return process;
    }
    if (!interrupted) fprintf(stderr, "driver: the first process did not start\n");
    return NULL;
}

static struct process *new_kin(const struct process *parent, enum kinship kinship)
{
    struct process *made = new_process();
    memcpy(process_slot(made)->disposition, process_slot(parent)->disposition, sizeof process_slot(made)->disposition);
    made->space = kinship == A_CHILD ? new_space(parent->space) : parent->space;
    return made;
}

enum outcome process_fork(struct process *parent, enum kinship kinship, struct process **child, int64_t *error)
{
    struct process *made = new_kin(parent, kinship);
    uint64_t args[6] = { (uint64_t)made->index };
    *child = NULL;
    enum outcome outcome = process_command(parent, kinship == A_THREAD ? OP_THREAD : OP_FORK, args);
    *error = process_slot(parent)->result;
    if (outcome != DONE || *error < 0) {
        free(made);
        return outcome;
    }
    enlist(made, (pid_t)*error, kinship == A_THREAD ? parent->group : (pid_t)*error);
    if (end_of_command(made) == DONE) *child = made;
    else *error = 0;
    return DONE;
}

/* The parent's command comes back when the child has ended; until then it is the child that answers. */
enum outcome process_vfork(struct process *parent, struct process **child)
{
    struct process *made = new_kin(parent, A_VFORK_CHILD);
    const struct slot *slot = process_slot(made);
    const struct timespec pause = { 0, SHORT_NS };
    double end = command_end();
    uint64_t args[6] = { (uint64_t)made->index };
    *child = NULL;
    give_command(parent, OP_VFORK, args);
    while (__atomic_load_n(&slot->reply, __ATOMIC_ACQUIRE) != REPLY_DONE && now() < end && !interrupted) nanosleep(&pause, NULL);
    if (slot->made == 0) {
        free(made);
        return end_of_command(parent);
    }
    parent->waiting = true;
    enlist(made, slot->made, slot->made);
    if (end_of_command(made) == DONE) *child = made;
    return DONE;
}

void process_faults(const struct process *process, uint64_t *minor, uint64_t *major)
{
    *minor = *major = 0;
    for (struct process *p = all; p; p = p->next) {
        if (p->group != process->group) continue;
        *minor += p->minflt;
        *major += p->majflt;
    }
}

/* All threads of a process have the same dispositions. */
void process_share_dispositions(const struct process *process)
{
    const struct slot *slot = process_slot(process);
    for (struct process *p = all; p; p = p->next)
        if (p != process && shares_group(p, process))
            memcpy(process_slot(p)->disposition, slot->disposition, sizeof slot->disposition);
}

bool processes_finish(void)
{
    bool clean = true;
    for (struct process *p = all; p; p = p->next)
        if (p->alive) kill(p->group, SIGKILL);
    while (all) {
        struct process *gone = all;
        if (gone->alive) clean = await_end(gone) && clean;
        if (gone->alive) mark_dead(gone);
        all = gone->next;
        waited_free(gone);
        free(gone);
    }
    while (spaces) {
        struct space *gone = spaces;
        spaces = gone->next;
        free(gone);
    }
    while (waitpid(-1, NULL, clean ? __WALL : __WALL | WNOHANG) > 0) continue;
    return clean;
}
