/*
 * Handlers of calls on files whose result is more than a number.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "print.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* (fd, length[, offset]): read into the transfer buffer and shown. */
enum outcome run_read(struct run *run)
{
    enum outcome outcome = ask(run, run->statement->call->nr, run->a[0], TRANSFER, run->a[1], run->a[2]);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    putchar(' ');
    print_bytes((const uint8_t *)TRANSFER, (size_t)run->result);
    return DONE;
}

/* (fd, data[, offset]) */
enum outcome run_write(struct run *run)
{
    enum outcome outcome = ask(run, run->statement->call->nr, run->a[0], run->a[1], run->data_length, run->a[2]);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

enum outcome run_fstat(struct run *run)
{
    const struct stat *about = (const struct stat *)TRANSFER;
    enum outcome outcome = ask(run, SYS_fstat, run->a[0], TRANSFER, 0, 0);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    printf(" {st_size=%ld}", (long)about->st_size);
    bind(run, (uint64_t)about->st_size);
    return DONE;
}
