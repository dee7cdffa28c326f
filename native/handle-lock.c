/*
 * Handlers of advisory locks: flock, and fcntl with a struct flock.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "print.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>

enum outcome run_flock(struct run *run)
{
    uint64_t args[6] = { run->a[0], run->a[1] };
    enum outcome outcome = process_waiting_syscall(run->process, SYS_flock, args, &run->result);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

static void print_lock(const struct flock *lock)
{
    if (lock->l_type == F_UNLCK) printf(" {l_type=F_UNLCK}");
    else printf(" {l_type=%s, l_start=%ld, l_len=%ld}", lock->l_type == F_RDLCK ? "F_RDLCK" : "F_WRLCK",
                (long)lock->l_start, (long)lock->l_len);
}

/* (fd, command, type, whence, start, length) */
enum outcome run_lock(struct run *run)
{
    struct flock *lock = (struct flock *)TRANSFER;
    uint32_t command = (uint32_t)run->a[1];
    memset(lock, 0, sizeof *lock);
    lock->l_type = (short)run->a[2];
    lock->l_whence = (short)run->a[3];
    lock->l_start = (off_t)run->a[4];
    lock->l_len = (off_t)run->a[5];
    uint64_t args[6] = { run->a[0], command, TRANSFER };
    enum outcome outcome = process_waiting_syscall(run->process, SYS_fcntl, args, &run->result);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (!failed(run) && (command == F_GETLK || command == F_OFD_GETLK)) print_lock(lock);
    return DONE;
}
