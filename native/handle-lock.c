/*
 * Handlers of advisory locks: flock, and fcntl with a struct flock.
 *
 * Nobody waits for a lock: what would wait is asked for as LOCK_NB, F_SETLK and F_OFD_SETLK, and answers EAGAIN.
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
    enum outcome outcome = ask(run, SYS_flock, run->a[0], run->a[1] | LOCK_NB, 0, 0);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

static uint64_t without_waiting(uint64_t command)
{
    if (command == F_SETLKW) return F_SETLK;
    return command == F_OFD_SETLKW ? F_OFD_SETLK : command;
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
    enum outcome outcome = ask(run, SYS_fcntl, run->a[0], without_waiting(command), TRANSFER, 0);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (!failed(run) && (command == F_GETLK || command == F_OFD_GETLK)) print_lock(lock);
    return DONE;
}
