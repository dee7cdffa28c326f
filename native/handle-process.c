/*
 * Handlers of calls on signals, limits and processes, and of what /proc says of a process.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "names.h"
#include "print.h"
#include "proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define MEMLOCK_HARD (8ul << 20)
#define ONE_SECOND 1000000000ul

/* ---- signals and limits ---- */

/* A number that is no signal one can set goes to the kernel as it is, for its EINVAL. */
enum outcome run_sigaction(struct run *run)
{
    uint32_t signal = (uint32_t)run->a[0];
    uint64_t args[6] = { signal, run->a[1] };
    enum outcome outcome;
    if (signal == SIGBUS || signal == SIGSEGV || signal == SIGXFSZ || signal == SIGPIPE) {
        outcome = process_command(run->process, OP_DISPOSITION, args);
        run->result = process_slot(run->process)->result;
        process_share_dispositions(run->process);
    } else {
        memset((void *)TRANSFER, 0, 64);
        outcome = ask(run, SYS_rt_sigaction, signal, TRANSFER, 0, 8);
    }
    if (outcome == DONE) print_integer(run);
    return outcome;
}

/* What the driver's own mappings add to a limit, which the scenario is not to see. */
static uint64_t own_share(uint64_t resource)
{
    return resource == RLIMIT_AS ? own_pages() * PAGE_SIZE : 0;
}

static uint64_t hard_limit(uint64_t resource, uint64_t real)
{
    return resource == RLIMIT_MEMLOCK ? MEMLOCK_HARD : real;
}

/* The soft limit; above the hard one EINVAL, as the kernel has it (its own hard MEMLOCK is higher, see process.c). */
static enum outcome set_limit(struct run *run, uint64_t pid, uint64_t resource, uint64_t soft)
{
    struct rlimit64 *limit = (struct rlimit64 *)TRANSFER;
    uint64_t share = own_share(resource);
    enum outcome outcome = ask(run, SYS_prlimit64, pid, resource, 0, TRANSFER);
    if (outcome != DONE) return outcome;
    if (!failed(run) && soft > hard_limit(resource, limit->rlim_max)) run->result = -EINVAL;
    if (!failed(run)) {
        limit->rlim_cur = soft > UINT64_MAX - share ? UINT64_MAX : soft + share;
        outcome = ask(run, SYS_prlimit64, pid, resource, TRANSFER, 0);
    }
    if (outcome == DONE) print_integer(run);
    return outcome;
}

enum outcome run_setrlimit(struct run *run)
{
    return set_limit(run, 0, run->a[0], run->a[1]);
}

enum outcome run_prlimit(struct run *run)
{
    const struct process *target = run->statement->args[0].expr.steps[0].symbol->process;
    return set_limit(run, (uint64_t)target->pid, run->a[1], run->a[2]);
}

enum outcome run_prctl(struct run *run)
{
    uint64_t args[6] = { run->a[0], run->a[1], run->a[2], run->a[3], run->a[4] };
    enum outcome outcome = process_syscall(run->process, SYS_prctl, args, &run->result);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

static void print_limit(const char *name, uint64_t value)
{
    if (value == UINT64_MAX) printf("%s=RLIM_INFINITY", name);
    else printf("%s=%lu", name, value);
}

enum outcome run_getrlimit(struct run *run)
{
    const struct rlimit64 *limit = (const struct rlimit64 *)TRANSFER;
    enum outcome outcome = ask(run, SYS_prlimit64, 0, run->a[0], 0, TRANSFER);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    uint64_t soft = limit->rlim_cur == UINT64_MAX ? UINT64_MAX : limit->rlim_cur - own_share(run->a[0]);
    print_limit(" {rlim_cur", soft);
    print_limit(", rlim_max", hard_limit(run->a[0], limit->rlim_max));
    putchar('}');
    bind(run, soft);
    return DONE;
}

/* ---- processes ---- */

static enum outcome make(struct run *run, enum kinship kinship)
{
    enum outcome outcome = process_fork(run->process, kinship, &run->made, &run->result);
    if (outcome != DONE) return outcome;
    if (run->made) printf(" = %s", run->statement->name->name);
    else if (failed(run)) print_failure(run);
    else fputs(" = timeout", stdout);
    return DONE;
}

enum outcome run_fork(struct run *run)
{
    return make(run, A_CHILD);
}

enum outcome run_vfork(struct run *run)
{
    enum outcome outcome = process_vfork(run->process, &run->made);
    if (outcome != DONE) return outcome;
    printf(" = %s", run->made ? run->statement->name->name : "timeout");
    return DONE;
}

enum outcome run_thread(struct run *run)
{
    return make(run, A_THREAD);
}

/* Prints what a call that ends its caller shows. */
static enum outcome leave(struct run *run, long nr)
{
    enum outcome outcome = ask(run, nr, run->a[0], 0, 0, 0);
    if (outcome == TIMED_OUT) return outcome;
    fputs(" = ?", stdout);
    return DONE;
}

enum outcome run_exit_thread(struct run *run)
{
    return leave(run, SYS_exit);
}

enum outcome run_futex(struct run *run)
{
    struct timespec *limit = (struct timespec *)TRANSFER;
    bool limited = run->a[3] != UINT64_MAX;
    uint64_t args[6] = { run->a[0], run->a[1], run->a[2], limited ? TRANSFER : 0 };
    *limit = (struct timespec){ 0, (long)run->a[3] };
    if (limited && run->a[3] == ONE_SECOND) *limit = (struct timespec){ 1, 0 };
    enum outcome outcome = limited ? process_syscall(run->process, SYS_futex, args, &run->result)
                                   : process_waiting_syscall(run->process, SYS_futex, args, &run->result);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

/* What the caller's last call came to that waited. */
enum outcome run_waited(struct run *run)
{
    const struct waited *waited = run->process->waited;
    struct slot *slot = process_slot(run->process);
    run->result = waited ? waited->result : -EINVAL;
    print_integer(run);
    if (!waited) return DONE;
    if (waited->bytes) {
        putchar(' ');
        print_bytes(waited->bytes, (size_t)waited->result);
    }
    slot->nr_notes = waited->nr_notes;
    memcpy(slot->notes, waited->notes, sizeof slot->notes);
    return DONE;
}

enum outcome run_exit(struct run *run)
{
    return leave(run, SYS_exit_group);
}

enum outcome run_wait(struct run *run)
{
    const struct process *target = run->statement->args[0].expr.steps[0].symbol->process;
    enum outcome outcome = ask(run, SYS_wait4, (uint64_t)target->pid, TRANSFER, WNOHANG, 0);
    int status = *(const int *)TRANSFER;
    if (outcome != DONE) return outcome;
    if (failed(run)) print_failure(run);
    else if (run->result == 0) fputs(" = running", stdout);
    else if (WIFSIGNALED(status)) printf(" = killed %s", signal_name(WTERMSIG(status)));
    else printf(" = exited %d", WEXITSTATUS(status));
    return DONE;
}

enum outcome run_maps(struct run *run)
{
    fputs(" = ", stdout);
    long nr = print_maps(run->process);
    if (nr < 0) fputs("timeout", stdout);
    else bind(run, (uint64_t)nr);
    return DONE;
}

enum outcome run_smaps(struct run *run)
{
    fputs(" = ", stdout);
    print_smaps(run->process, run->a[0]);
    return DONE;
}

enum outcome run_vmflags(struct run *run)
{
    fputs(" = ", stdout);
    print_vm_flags(run->process, run->a[0]);
    return DONE;
}

enum outcome run_pagemap(struct run *run)
{
    fputs(" = ", stdout);
    bind(run, (uint64_t)print_pagemap(run->process, run->a[0], run->a[1]));
    return DONE;
}

enum outcome run_status(struct run *run)
{
    fputs(" = ", stdout);
    if (!print_status(run->process)) fputs("timeout", stdout);
    return DONE;
}

enum outcome run_status_field(struct run *run)
{
    long value;
    run->result = -EINVAL;
    if (status_field(run->process, (const char *)run->a[0], &value)) run->result = value;
    print_integer(run);
    return DONE;
}

/* Faults are counted by the driver from statement to statement: its own between them are nobody's business. */
enum outcome run_getrusage(struct run *run)
{
    const char *field = (const char *)run->a[0];
    uint64_t minor, major;
    process_faults(run->process, &minor, &major);
    run->result = strcmp(field, "ru_minflt") == 0 ? (int64_t)minor : strcmp(field, "ru_majflt") == 0 ? (int64_t)major : -EINVAL;
    print_integer(run);
    return DONE;
}
