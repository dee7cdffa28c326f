/*
 * process_vm_readv and process_vm_writev: the lists of ranges, what in them would be harmful, the call.
 *
 * The short form's two ranges stand in the transfer buffer; long lists stand in the scenario's memory, where the
 * controller reads them as the kernel will.
 */
#define _GNU_SOURCE
#include "calls.h"
#include "handle.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define COUNT_MAX 1024

static const struct process *other(const struct run *run)
{
    return run->statement->args[0].expr.steps[0].symbol->process;
}

static bool is_short(const struct run *run)
{
    return run->statement->nr_args == 4;
}

/* A length of 2^63 and more is no transfer: the kernel refuses it. */
static bool touches_own(uint64_t address, uint64_t length)
{
    uint64_t end = address + length < address ? UINT64_MAX : address + length;
    return length && length <= INT64_MAX && own_overlaps(address & ~(PAGE_SIZE - 1), end);
}

/* Whether a list names the driver's memory, or more than a transfer. What the kernel cannot read, or refuses for its
 * length, it is left to refuse. */
static bool harmful_list(const struct run *run, uint64_t list, uint64_t count)
{
    struct iovec vectors[COUNT_MAX];
    uint64_t total = 0;
    if (count == 0 || count > COUNT_MAX) return false;
    struct iovec to = { vectors, count * sizeof *vectors }, from = { (void *)list, count * sizeof *vectors };
    ssize_t got = process_vm_readv(run->process->pid, &to, 1, &from, 1, 0);
    for (uint64_t i = 0; got > 0 && i < (uint64_t)got / sizeof *vectors; i++) {
        if (touches_own((uint64_t)vectors[i].iov_base, vectors[i].iov_len)) return true;
        if (vectors[i].iov_len <= INT64_MAX) total += vectors[i].iov_len;
    }
    return total > MAX_TRANSFER;
}

bool harms_process_vm(struct run *run)
{
    uint64_t *a = run->a;
    if (is_short(run)) return harms_between(run->process, a[1], other(run), a[2], a[3]);
    return a[5] == 0 && (harmful_list(run, a[1], (uint32_t)a[2]) || harmful_list(run, a[3], a[4]));
}

enum outcome run_process_vm(struct run *run)
{
    uint64_t *a = run->a, args[6] = { (uint64_t)other(run)->pid, a[1], a[2], a[3], a[4], a[5] };
    if (is_short(run)) {
        struct iovec *vectors = (struct iovec *)TRANSFER;
        vectors[0] = (struct iovec){ (void *)a[1], a[3] };
        vectors[1] = (struct iovec){ (void *)a[2], a[3] };
        memcpy(args + 1, (uint64_t[5]){ TRANSFER, 1, TRANSFER + sizeof *vectors, 1, 0 }, 5 * sizeof *args);
    }
    enum outcome outcome = process_syscall(run->process, run->statement->call->nr, args, &run->result);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

/* ---- process_madvise ---- */

#define MAX_RANGE 0x7ffff000ul             /* the kernel cuts a longer one off */
#define PIDFD_OF_THREAD 0200               /* PIDFD_THREAD: not of process leaders alone */

/* Advice to others is only a hint, and wants a privilege that nobody here has. */
bool harms_process_madvise(struct run *run)
{
    uint64_t length = run->a[2];
    if (other(run) != run->process || (uint32_t)run->a[4] != 0 || length > INT64_MAX) return false;
    struct run shifted = *run;
    memcpy(shifted.a, run->a + 1, 3 * sizeof *run->a);
    if (length > MAX_RANGE) shifted.a[1] = MAX_RANGE;
    return harms_madvise(&shifted);
}

/* One range. The process is named by a descriptor that is there for the moment of the call. */
enum outcome run_process_madvise(struct run *run)
{
    struct iovec *vector = (struct iovec *)TRANSFER;
    enum outcome outcome = ask(run, SYS_pidfd_open, (uint64_t)other(run)->pid, PIDFD_OF_THREAD, 0, 0);
    int64_t fd = run->result;
    if (outcome == DONE && !failed(run)) {
        *vector = (struct iovec){ (void *)run->a[1], run->a[2] };
        uint64_t args[6] = { (uint64_t)fd, TRANSFER, 1, run->a[3], run->a[4] };
        int64_t result;
        outcome = process_syscall(run->process, SYS_process_madvise, args, &result);
        if (outcome == DONE) outcome = ask(run, SYS_close, (uint64_t)fd, 0, 0, 0);
        run->result = result;
    }
    if (outcome == DONE) print_integer(run);
    return outcome;
}
