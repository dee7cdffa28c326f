/*
 * Handlers of calls on files whose result is more than a number.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "print.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not <sys/socket.h>, which has a bind of its own. */
#define FAMILY_UNIX 1
#define STREAM 1

/* Whether the call's descriptor leads to something so named. */
static bool leads_to(const struct run *run, const char *kind)
{
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)run->process->pid, (int)run->a[0]);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) return false;
    target[length] = '\0';
    return strncmp(target, kind, strlen(kind)) == 0;
}

static bool is_pipe(const struct run *run)
{
    return leads_to(run, "pipe:[");
}

/* Reads and writes of streams wait for other processes. */
static bool is_stream(const struct run *run)
{
    return is_pipe(run) || leads_to(run, "socket:[");
}

/* What a read of a stream brings at most, however long it may be. A length of 2^63 and more the kernel refuses. */
static uint64_t most_read(const struct run *run)
{
    uint64_t most = is_pipe(run) ? PIPE_BYTES : MAX_TRANSFER;
    return run->a[1] < most ? run->a[1] : most;
}

static enum outcome print_read(struct run *run, enum outcome outcome, uint64_t buffer)
{
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    putchar(' ');
    print_bytes((const uint8_t *)buffer, (size_t)run->result);
    return DONE;
}

/* (fd, length, offset): read into the transfer buffer and shown. */
enum outcome run_read(struct run *run)
{
    enum outcome outcome = ask(run, run->statement->call->nr, run->a[0], TRANSFER, run->a[1], run->a[2]);
    return print_read(run, outcome, TRANSFER);
}

/* (fd, length): what may wait has a buffer of its own, since others use the transfer buffer meanwhile. */
enum outcome run_read_on(struct run *run)
{
    if (!is_stream(run)) return run_read(run);
    uint64_t buffer = process_waiting_buffer(run->process, most_read(run));
    if (!buffer) return refuse();
    uint64_t args[6] = { run->a[0], buffer, run->a[1] };
    return print_read(run, process_waiting_syscall(run->process, SYS_read, args, &run->result), buffer);
}

/* (fd, data, offset) */
enum outcome run_write(struct run *run)
{
    enum outcome outcome = ask(run, run->statement->call->nr, run->a[0], run->a[1], run->data_length, run->a[2]);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

/* (fd, data) */
enum outcome run_write_on(struct run *run)
{
    if (!is_stream(run)) return run_write(run);
    uint64_t buffer = process_waiting_buffer(run->process, run->data_length);
    if (!buffer) return refuse();
    uint64_t args[6] = { run->a[0], buffer, run->data_length };
    memcpy((void *)buffer, (const void *)run->a[1], run->data_length);
    enum outcome outcome = process_waiting_syscall(run->process, SYS_write, args, &run->result);
    if (outcome == DONE) print_integer(run);
    return outcome;
}

/* (fd, address, length or count): to or from memory of the process. */
enum outcome run_transfer(struct run *run)
{
    uint64_t args[6] = { run->a[0], run->a[1], run->a[2] };
    if (!is_stream(run)) return run_plain(run);
    enum outcome outcome = process_waiting_syscall(run->process, run->statement->call->nr, args, &run->result);
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

/* (name, name, flags): a pipe or a pair of stream sockets, bound to the names. */
enum outcome run_pipe(struct run *run)
{
    const int *fds = (const int *)TRANSFER;
    bool makes_pipe = run->statement->call->nr == SYS_pipe2;
    enum outcome outcome = makes_pipe ? ask(run, SYS_pipe2, TRANSFER, run->a[2], 0, 0)
                                      : ask(run, SYS_socketpair, FAMILY_UNIX, STREAM | run->a[2], 0, TRANSFER);
    bool made = outcome == DONE && !failed(run);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (!made) return DONE;
    for (int i = 0; i < 2; i++) bind_argument(run, i, fds[i]);
    printf(" [%d, %d]", fds[0], fds[1]);
    return DONE;
}
