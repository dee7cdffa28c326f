/*
 * One command to a scenario process: given through its slot, waited for with a limit, and its end seen: an answer or a
 * death (robust futex, then pidfd). Commands that wait for others are wait.c's.
 *
 * Invariant: one command is under way at a time, and those of processes that wait. A death is reported only once the
 * process is a zombie, so that its parent's wait() is sure to find it.
 */
#define _GNU_SOURCE
#include "command.h"
#include "proc.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEATH_SECONDS 10
#define SLICE_NS 50000000                  /* at most a second */

static double limit_seconds;

void command_limit(double seconds)
{
    limit_seconds = seconds;
}

double command_end(void)
{
    return now() + limit_seconds;
}

/* ---- waiting ---- */

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool has_died(const struct process *process, int milliseconds)
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

/* Waits until the process, with all its threads, is a zombie or gone. */
bool await_end(const struct process *process)
{
    double end = now() + DEATH_SECONDS;
    while (now() < end)
        if (has_died(process, 1000)) return true;
    fprintf(stderr, "driver: process %d will not die\n", (int)process->group);
    return false;
}

/* Waits until a thread has ended whose process goes on; where it is the first of them no descriptor tells. */
static void await_thread_end(const struct process *process)
{
    const struct timespec pause = { 0, SHORT_NS };
    double end = now() + DEATH_SECONDS;
    while (now() < end && !thread_ended(process)) nanosleep(&pause, NULL);
}

void mark_dead(struct process *process)
{
    process->alive = process->waiting = false;
    close(process->pidfd);
    process->pidfd = -1;
}

bool shares_group(const struct process *one, const struct process *other)
{
    return one->alive && one->group == other->group;
}

/* The process that `gone` was a thread of has ended, and all its threads with it. */
static void mark_group_dead(struct process *gone)
{
    await_end(gone);
    int signal = death_signal(gone->group);
    for (struct process *p = all; p; p = p->next) {
        if (!shares_group(p, gone) || p == gone) continue;
        p->death_signal = signal;
        mark_dead(p);
    }
    gone->death_signal = signal;
    mark_dead(gone);
}

static bool is_last(const struct process *process)
{
    for (struct process *p = all; p; p = p->next)
        if (p != process && shares_group(p, process)) return false;
    return true;
}

/* A thread that made the system call exit goes alone, unless it is the last. */
void bury(struct process *process)
{
    const struct slot *slot = process_slot(process);
    bool alone = slot->op == OP_SYSCALL && slot->nr == SYS_exit && !is_last(process);
    if (!alone) {
        mark_group_dead(process);
        return;
    }
    await_thread_end(process);
    mark_dead(process);
}

enum outcome end_of_command(struct process *process)
{
    enum outcome outcome = await_reply(process);
    if (outcome == DONE) {
        process->minflt += process_slot(process)->minflt;
        process->majflt += process_slot(process)->majflt;
        return DONE;
    }
    if (outcome == TIMED_OUT) kill(process->group, SIGKILL);
    bury(process);
    return outcome;
}

/* ---- commands ---- */

void give_command(struct process *process, enum op op, const uint64_t args[6])
{
    struct slot *slot = process_slot(process);
    slot->op = op;
    slot->nr_notes = 0;
    memcpy(slot->args, args, sizeof slot->args);
    slot->reply = (uint32_t)process->pid | FUTEX_WAITERS;
    __atomic_store_n(&slot->command, slot->command + 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &slot->command, FUTEX_WAKE, 1, NULL, NULL, 0);
}

enum outcome process_command(struct process *process, enum op op, const uint64_t args[6])
{
    give_command(process, op, args);
    return end_of_command(process);
}

enum outcome process_syscall(struct process *process, long nr, const uint64_t args[6], int64_t *result)
{
    process_slot(process)->nr = (uint64_t)nr;
    enum outcome outcome = process_command(process, OP_SYSCALL, args);
    *result = process_slot(process)->result;
    return outcome;
}

/* ---- another program, and the end of others ---- */

static void leave_others(struct process *process)
{
    for (struct process *p = all; p; p = p->next)
        if (p != process && shares_group(p, process)) mark_dead(p);
}

enum outcome process_exec(struct process *process, const uint64_t args[6], int64_t *result)
{
    struct slot *slot = process_slot(process);
    const struct timespec pause = { 0, SHORT_NS };
    double end = command_end();
    slot->nr = SYS_execve;
    give_command(process, OP_SYSCALL, args);
    while (now() < end && !interrupted) {
        if (__atomic_load_n(&slot->reply, __ATOMIC_ACQUIRE) == REPLY_DONE) break;
        if (has_died(process, 0)) break;
        if (sleeps_in_pause(process->group)) {
            leave_others(process);
            process->pid = process->group;
            process->executing = true;
            process_renew_space(process);
            return EXECUTING;
        }
        nanosleep(&pause, NULL);
    }
    *result = slot->result;
    if (slot->reply == REPLY_DONE) return DONE;
    if (!has_died(process, 0)) kill(process->group, SIGKILL);
    mark_group_dead(process);
    return DIED;
}

void process_killed(struct process *process)
{
    for (struct process *p = all; p; p = p->next) {
        if (p->group != process->group || !p->alive) continue;
        mark_group_dead(p);
        return;
    }
}
