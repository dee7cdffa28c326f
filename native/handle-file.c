/*
 * Handlers of calls on files whose result is more than a number.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "print.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Not <sys/socket.h>, which has a bind of its own. */
#define FAMILY_UNIX 1
#define STREAM 1

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

static const char *file_type(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "S_IFREG";
    case S_IFDIR: return "S_IFDIR";
    case S_IFLNK: return "S_IFLNK";
    case S_IFCHR: return "S_IFCHR";
    case S_IFIFO: return "S_IFIFO";
    case S_IFSOCK: return "S_IFSOCK";
    }
    return "0";
}

/* The links of a directory are the file system's own affair. */
enum outcome run_fstat_mode(struct run *run)
{
    const struct stat *about = (const struct stat *)TRANSFER;
    enum outcome outcome = ask(run, SYS_fstat, run->a[0], TRANSFER, 0, 0);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    printf(" {st_mode=%s|%04o", file_type(about->st_mode), about->st_mode & 07777);
    if (!S_ISDIR(about->st_mode)) printf(", st_nlink=%lu", (unsigned long)about->st_nlink);
    putchar('}');
    bind(run, about->st_mode);
    return DONE;
}

static void bind_argument(struct run *run, int argument, int fd)
{
    struct symbol *name = run->statement->args[argument].expr.steps[0].symbol;
    name->process = NULL;
    name->has_value = true;
    name->value = (uint64_t)fd;
}

/* (name, name): a pipe or a pair of stream sockets, bound to the names. None of them ever lets a process wait. */
enum outcome run_pipe(struct run *run)
{
    const int *fds = (const int *)TRANSFER;
    bool is_pipe = run->statement->call->nr == SYS_pipe2;
    enum outcome outcome = is_pipe ? ask(run, SYS_pipe2, TRANSFER, O_NONBLOCK, 0, 0)
                                   : ask(run, SYS_socketpair, FAMILY_UNIX, STREAM | O_NONBLOCK, 0, TRANSFER);
    bool made = outcome == DONE && !failed(run);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (!made) return DONE;
    for (int i = 0; i < 2; i++) bind_argument(run, i, fds[i]);
    printf(" [%d, %d]", fds[0], fds[1]);
    return DONE;
}
