/*
 * What the handlers of all calls share, and the handler of calls that are a system call and a number.
 */
#include "handle.h"
#include "names.h"
#include "print.h"

#include <stdio.h>

enum outcome ask(struct run *run, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return process_syscall(run->process, nr, (uint64_t[6]){ a, b, c, d }, &run->result);
}

bool took_signal(const struct run *run)
{
    return process_slot(run->process)->nr_notes > 0;
}

bool failed(const struct run *run)
{
    return run->result < 0 && run->result >= -4095;
}

void bind(struct run *run, uint64_t value)
{
    run->has_value = true;
    run->value = value;
}

void print_failure(const struct run *run)
{
    printf(" = -1 %s", errno_name((int)-run->result));
}

enum outcome refuse(void)
{
    fputs(" = refused", stdout);
    return DONE;
}

void print_integer(struct run *run)
{
    if (failed(run)) {
        print_failure(run);
        return;
    }
    printf(" = %ld", run->result);
    bind(run, (uint64_t)run->result);
}

void print_result_address(struct run *run)
{
    if (failed(run)) {
        print_failure(run);
        return;
    }
    fputs(" = ", stdout);
    print_address(run->process, (uint64_t)run->result);
    bind(run, (uint64_t)run->result);
}

enum outcome run_plain(struct run *run)
{
    const struct call *call = run->statement->call;
    enum outcome outcome = process_syscall(run->process, call->nr, run->a, &run->result);
    if (outcome != DONE) return outcome;
    if (call->shape == ADDRESS) print_result_address(run);
    else print_integer(run);
    return DONE;
}
