/*
 * Handlers of calls on mappings, of the break, and of loads and stores.
 *
 * What the driver's own mappings would change about an answer is put right here: mlockall's count and locks.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "print.h"
#include "proc.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* ---- mappings ---- */

void print_mapping(struct run *run, bool asked_for, uint64_t length)
{
    const struct symbol *name = run->statement->name;
    if (!failed(run) && !asked_for)
        region_add(run->process, (uint64_t)run->result, length, name ? name->name : NULL, run->statement->line);
    print_result_address(run);
}

enum outcome run_mmap(struct run *run)
{
    enum outcome outcome = process_syscall(run->process, SYS_mmap, run->a, &run->result);
    if (outcome == DONE) print_mapping(run, (uint64_t)run->result == run->a[0], run->a[1]);
    return outcome;
}

enum outcome run_mremap(struct run *run)
{
    enum outcome outcome = process_syscall(run->process, SYS_mremap, run->a, &run->result);
    uint64_t got = (uint64_t)run->result;
    bool asked_for = got == run->a[0] || (run->statement->nr_args > 4 && got == run->a[4]);
    if (outcome == DONE) print_mapping(run, asked_for, run->a[2]);
    return outcome;
}

/* The vector is the transfer buffer, nothing being mapped behind it: where it is too short the kernel says EFAULT. */
enum outcome run_mincore(struct run *run)
{
    uint64_t nr_pages = (run->a[1] + PAGE_SIZE - 1) / PAGE_SIZE;
    enum outcome outcome = ask(run, SYS_mincore, run->a[0], run->a[1], TRANSFER, 0);
    if (outcome != DONE) return outcome;
    if (failed(run) && run->result == -EFAULT && nr_pages > MAX_TRANSFER) return refuse();
    print_integer(run);
    if (failed(run)) return DONE;
    fputs(" [", stdout);
    for (uint64_t i = 0; i < nr_pages; i++) putchar('0' + (((const uint8_t *)TRANSFER)[i] & 1));
    putchar(']');
    return DONE;
}

/* Whether the scenario's own mappings are within a limit in bytes that they exceed with the driver's beside them. */
static bool is_within(const struct run *run, uint64_t limit)
{
    long kilobytes;
    return status_field(run->process, "VmSize", &kilobytes) && (uint64_t)kilobytes <= limit >> 10;
}

/* mlockall(MCL_CURRENT) counts all that is mapped and locks the driver's pages too: the limit is raised by them
 * for the moment of the call, and they are unlocked afterwards. Where it cannot be raised that far, an ENOMEM, before
 * which the kernel has done nothing, may be for the driver's pages alone: then it is no answer. */
enum outcome run_mlockall(struct run *run)
{
    struct rlimit64 *limit = (struct rlimit64 *)TRANSFER;
    uint64_t own = own_pages() * PAGE_SIZE;
    enum outcome outcome;
    if (!(run->a[0] & MCL_CURRENT)) return run_plain(run);
    if ((outcome = ask(run, SYS_prlimit64, 0, RLIMIT_MEMLOCK, 0, TRANSFER)) != DONE) return outcome;
    struct rlimit64 before = *limit;
    bool is_short = before.rlim_cur + own > before.rlim_max;
    if (before.rlim_cur) limit->rlim_cur = is_short ? before.rlim_max : before.rlim_cur + own;
    if ((outcome = ask(run, SYS_prlimit64, 0, RLIMIT_MEMLOCK, TRANSFER, 0)) != DONE) return outcome;
    if ((outcome = ask(run, SYS_mlockall, run->a[0], 0, 0, 0)) != DONE) return outcome;
    if (is_short && run->result == -ENOMEM && is_within(run, before.rlim_cur)) refuse();
    else print_integer(run);
    *limit = before;
    if ((outcome = ask(run, SYS_prlimit64, 0, RLIMIT_MEMLOCK, TRANSFER, 0)) != DONE) return outcome;
    for (uint32_t i = 0; i < CONTROL->nr_own && outcome == DONE; i++) {
        const struct range *range = &CONTROL->own[i];
        outcome = ask(run, SYS_munlock, range->start, range->end - range->start, 0, 0);
    }
    return outcome;
}

/* ---- the break ---- */

static void heap_seen(struct run *run)
{
    if ((uint64_t)run->result > run->process->space->highest_break) run->process->space->highest_break = (uint64_t)run->result;
}

enum outcome run_brk(struct run *run)
{
    enum outcome outcome = ask(run, SYS_brk, run->a[0], 0, 0, 0);
    if (outcome != DONE) return outcome;
    heap_seen(run);
    print_result_address(run);
    return DONE;
}

enum outcome run_sbrk(struct run *run)
{
    enum outcome outcome = ask(run, SYS_brk, 0, 0, 0, 0);
    if (outcome != DONE) return outcome;
    uint64_t before = (uint64_t)run->result, wanted = before + run->a[0];
    if (run->a[0] && (outcome = ask(run, SYS_brk, wanted, 0, 0, 0)) != DONE) return outcome;
    heap_seen(run);
    run->result = (uint64_t)run->result == wanted ? (int64_t)before : -ENOMEM;
    print_result_address(run);
    return DONE;
}

/* ---- accesses ---- */

/* Prints what an access found. */
static enum outcome found(struct run *run, enum op op, const uint64_t args[6])
{
    enum outcome outcome = process_command(run->process, op, args);
    if (outcome != DONE || took_signal(run)) return outcome;
    bind(run, (uint64_t)process_slot(run->process)->result);
    printf(" = 0x%lx", run->value);
    return DONE;
}

enum outcome run_load(struct run *run)
{
    uint64_t args[6] = { run->a[0], (uint64_t)run->statement->call->nr };
    return found(run, OP_LOAD, args);
}

enum outcome run_store(struct run *run)
{
    uint64_t args[6] = { run->a[0], (uint64_t)run->statement->call->nr, run->a[1] };
    enum outcome outcome = process_command(run->process, OP_STORE, args);
    if (outcome != DONE || took_signal(run)) return outcome;
    run->result = 0;
    print_integer(run);
    return DONE;
}

enum outcome run_cas(struct run *run)
{
    uint64_t args[6] = { run->a[0], (uint64_t)run->statement->call->nr, run->a[1], run->a[2] };
    return found(run, OP_CAS, args);
}

enum outcome run_fetchadd(struct run *run)
{
    uint64_t args[6] = { run->a[0], (uint64_t)run->statement->call->nr, run->a[1] };
    return found(run, OP_FETCHADD, args);
}

enum outcome run_copyin(struct run *run)
{
    uint64_t args[6] = { run->a[0], run->a[1] };
    enum outcome outcome = process_command(run->process, OP_COPYIN, args);
    if (outcome != DONE || took_signal(run)) return outcome;
    fputs(" = ", stdout);
    print_bytes((const uint8_t *)TRANSFER, run->a[1]);
    return DONE;
}

enum outcome run_copyout(struct run *run)
{
    uint64_t args[6] = { run->a[0], run->data_length };
    enum outcome outcome = process_command(run->process, OP_COPYOUT, args);
    if (outcome != DONE || took_signal(run)) return outcome;
    run->result = 0;
    print_integer(run);
    return DONE;
}
