/*
 * The table of calls, and finding the row that a statement means.
 *
 * A name may stand in several rows, told apart by the number and kinds of the arguments.
 */
#include "handle.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define SYS_MSEAL 462

#define PLAIN(name, usage, takes, shape, spare, harmful) \
    { #name, usage, takes, SYS_##name, shape, spare, harmful, run_plain }
#define WIDTH(name, usage, takes, bytes, run) { #name, usage, takes, bytes, INTEGER, 0, harms_access, run }
#define OTHER(name, usage, takes, nr, harmful, run) { #name, usage, takes, nr, INTEGER, 0, harmful, run }

static const struct call calls[] = {
    PLAIN(open, "open(\"path\", flags[, mode])", "se?e", INTEGER, 0644, harms_open),
    PLAIN(dup, "dup(fd)", "e", INTEGER, 0, NULL),
    OTHER(pipe, "pipe(r, w[, flags])", "nn?e", SYS_pipe2, harms_pipe, run_pipe),
    OTHER(socketpair, "socketpair(a, b[, flags])", "nn?e", SYS_socketpair, harms_pipe, run_pipe),
    PLAIN(memfd_create, "memfd_create(\"name\", flags)", "se", INTEGER, 0, NULL),
    PLAIN(close, "close(fd)", "e", INTEGER, 0, NULL),
    PLAIN(unlink, "unlink(\"path\")", "s", INTEGER, 0, harms_path),
    PLAIN(rename, "rename(\"from\", \"to\")", "ss", INTEGER, 0, harms_path),
    PLAIN(mkdir, "mkdir(\"path\"[, mode])", "s?e", INTEGER, 0777, harms_path),
    PLAIN(rmdir, "rmdir(\"path\")", "s", INTEGER, 0, harms_path),
    PLAIN(link, "link(\"old\", \"new\")", "ss", INTEGER, 0, harms_path),
    PLAIN(symlink, "symlink(\"target\", \"path\")", "ss", INTEGER, 0, harms_symlink),
    PLAIN(chmod, "chmod(\"path\", mode)", "se", INTEGER, 0, harms_path),
    PLAIN(fchmod, "fchmod(fd, mode)", "ee", INTEGER, 0, harms_fchmod),
    PLAIN(truncate, "truncate(\"path\", len)", "se", INTEGER, 0, harms_path),
    PLAIN(ftruncate, "ftruncate(fd, len)", "ee", INTEGER, 0, NULL),
    PLAIN(fallocate, "fallocate(fd, mode, off, len)", "eeee", INTEGER, 0, harms_fallocate),
    PLAIN(fsync, "fsync(fd)", "e", INTEGER, 0, NULL),
    PLAIN(fdatasync, "fdatasync(fd)", "e", INTEGER, 0, NULL),
    PLAIN(sync, "sync()", "", INTEGER, 0, NULL),
    PLAIN(syncfs, "syncfs(fd)", "e", INTEGER, 0, NULL),
    PLAIN(sync_file_range, "sync_file_range(fd, off, len, flags)", "eeee", INTEGER, 0, NULL),
    OTHER(posix_fadvise, "posix_fadvise(fd, off, len, advice)", "eeee", SYS_fadvise64, NULL, run_plain),
    PLAIN(readahead, "readahead(fd, off, len)", "eee", INTEGER, 0, NULL),
    OTHER(fcntl, "fcntl(fd, cmd[, arg])", "ee?e", SYS_fcntl, harms_fcntl, run_plain),
    OTHER(fcntl, "fcntl(fd, cmd, type, whence, start, len)", "eeeeee", 0, harms_lock, run_lock),
    OTHER(flock, "flock(fd, op)", "ee", 0, harms_flock, run_flock),
    PLAIN(lseek, "lseek(fd, off, whence)", "eee", INTEGER, 0, NULL),
    OTHER(fstat, "fstat(fd)", "e", 0, NULL, run_fstat),
    OTHER(fstat_mode, "fstat_mode(fd)", "e", 0, NULL, run_fstat_mode),
    OTHER(times, "times(fd)", "e", 0, NULL, run_times),
    OTHER(pread, "pread(fd, len, off)", "eee", SYS_pread64, harms_length, run_read),
    OTHER(pread, "pread(fd, addr, len, off)", "eeee", SYS_pread64, harms_transfer, run_plain),
    OTHER(read, "read(fd, len)", "ee", SYS_read, harms_length, run_read_on),
    OTHER(read, "read(fd, addr, len)", "eee", SYS_read, harms_transfer, run_transfer),
    OTHER(pwrite, "pwrite(fd, data, off)", "ede", SYS_pwrite64, NULL, run_write),
    OTHER(pwrite, "pwrite(fd, addr, len, off)", "eeee", SYS_pwrite64, harms_transfer, run_plain),
    OTHER(write, "write(fd, data)", "ed", SYS_write, NULL, run_write_on),
    OTHER(write, "write(fd, addr, len)", "eee", SYS_write, harms_transfer, run_transfer),
    OTHER(readv, "readv(fd, iov, iovcnt)", "eee", SYS_readv, harms_vector, run_transfer),
    OTHER(preadv, "preadv(fd, iov, iovcnt, off)", "eeee", SYS_preadv, harms_vector, run_plain),
    OTHER(writev, "writev(fd, iov, iovcnt)", "eee", SYS_writev, harms_vector, run_transfer),
    OTHER(pwritev, "pwritev(fd, iov, iovcnt, off)", "eeee", SYS_pwritev, harms_vector, run_plain),

    OTHER(mmap, "mmap(addr, len, prot, flags, fd, off)", "eeeeee", 0, harms_mmap, run_mmap),
    OTHER(mremap, "mremap(old, oldlen, newlen, flags[, newaddr])", "eeee?e", 0, harms_mremap, run_mremap),
    OTHER(remap_file_pages, "remap_file_pages(addr, len, prot, pgoff, flags)", "eeeee", SYS_remap_file_pages, harms_stretch, run_plain),
    PLAIN(munmap, "munmap(addr, len)", "ee", INTEGER, 0, harms_munmap),
    PLAIN(mprotect, "mprotect(addr, len, prot)", "eee", INTEGER, 0, harms_stretch),
    PLAIN(msync, "msync(addr, len, flags)", "eee", INTEGER, 0, NULL),
    PLAIN(madvise, "madvise(addr, len, advice)", "eee", INTEGER, 0, harms_madvise),
    PLAIN(mlock, "mlock(addr, len)", "ee", INTEGER, 0, harms_stretch),
    PLAIN(mlock2, "mlock2(addr, len, flags)", "eee", INTEGER, 0, harms_stretch),
    PLAIN(munlock, "munlock(addr, len)", "ee", INTEGER, 0, NULL),
    { "mlockall", "mlockall(flags)", "e", SYS_mlockall, INTEGER, 0, NULL, run_mlockall },
    PLAIN(munlockall, "munlockall()", "", INTEGER, 0, NULL),
    OTHER(mseal, "mseal(addr, len, flags)", "eee", SYS_MSEAL, harms_stretch, run_plain),
    OTHER(mincore, "mincore(addr, len)", "ee", 0, harms_stretch, run_mincore),
    OTHER(mincore, "mincore(addr, len, vec)", "eee", SYS_mincore, harms_residency, run_plain),
    OTHER(brk, "brk(addr)", "e", 0, NULL, run_brk),
    OTHER(sbrk, "sbrk(n)", "e", 0, NULL, run_sbrk),

    OTHER(shmget, "shmget(key, size, flags)", "eee", SYS_shmget, harms_shmget, run_shmget),
    OTHER(shmat, "shmat(id, addr, flags)", "eee", 0, harms_shmat, run_shmat),
    PLAIN(shmdt, "shmdt(addr)", "e", INTEGER, 0, NULL),
    OTHER(shmctl, "shmctl(id, cmd[, mode])", "ee?e", 0, harms_shmctl, run_shmctl),
    OTHER(shm_open, "shm_open(\"name\", flags[, mode])", "se?e", 0, harms_shm_name, run_shm_open),
    OTHER(shm_unlink, "shm_unlink(\"name\")", "s", 0, harms_shm_name, run_shm_unlink),

    WIDTH(load8, "load8(addr)", "e", 1, run_load),
    WIDTH(load16, "load16(addr)", "e", 2, run_load),
    WIDTH(load32, "load32(addr)", "e", 4, run_load),
    WIDTH(load64, "load64(addr)", "e", 8, run_load),
    WIDTH(store8, "store8(addr, value)", "ee", 1, run_store),
    WIDTH(store16, "store16(addr, value)", "ee", 2, run_store),
    WIDTH(store32, "store32(addr, value)", "ee", 4, run_store),
    WIDTH(store64, "store64(addr, value)", "ee", 8, run_store),
    WIDTH(cas8, "cas8(addr, old, new)", "eee", 1, run_cas),
    WIDTH(cas16, "cas16(addr, old, new)", "eee", 2, run_cas),
    WIDTH(cas32, "cas32(addr, old, new)", "eee", 4, run_cas),
    WIDTH(cas64, "cas64(addr, old, new)", "eee", 8, run_cas),
    WIDTH(fetchadd8, "fetchadd8(addr, n)", "ee", 1, run_fetchadd),
    WIDTH(fetchadd16, "fetchadd16(addr, n)", "ee", 2, run_fetchadd),
    WIDTH(fetchadd32, "fetchadd32(addr, n)", "ee", 4, run_fetchadd),
    WIDTH(fetchadd64, "fetchadd64(addr, n)", "ee", 8, run_fetchadd),
    OTHER(fetch8, "fetch8(addr)", "e", 1, harms_fetch, run_fetch),
    OTHER(copyin, "copyin(addr, len)", "ee", 0, harms_copy, run_copyin),
    OTHER(copyout, "copyout(addr, data)", "ed", 0, harms_copy, run_copyout),

    OTHER(sigaction, "sigaction(sig, catch|default|ignore)", "ee", 0, harms_sigaction, run_sigaction),
    OTHER(setrlimit, "setrlimit(resource, n)", "ee", 0, harms_limit, run_setrlimit),
    OTHER(prlimit, "prlimit(process, resource, n)", "pee", 0, harms_prlimit, run_prlimit),
    OTHER(prctl, "prctl(option, arg2[, arg3[, arg4[, arg5]]])", "ee?eee", SYS_prctl, harms_prctl, run_prctl),
    OTHER(getrlimit, "getrlimit(resource)", "e", 0, harms_limit, run_getrlimit),
    OTHER(fork, "c = fork()", "", 0, NULL, run_fork),
    OTHER(execve, "execve(\"path\")", "s", 0, harms_exec, run_exec),
    OTHER(kill, "kill(process, sig)", "pe", 0, harms_kill, run_kill),
    OTHER(getrusage, "getrusage(\"field\")", "s", 0, harms_usage, run_getrusage),
    OTHER(vfork, "c = vfork()", "", 0, NULL, run_vfork),
    OTHER(thread, "t = thread()", "", 0, NULL, run_thread),
    OTHER(exit_thread, "exit_thread(n)", "e", 0, NULL, run_exit_thread),
    { "futex", "futex(addr, op, val[, timeout])", "eee?e", SYS_futex, INTEGER, UINT64_MAX, harms_futex, run_futex },
    OTHER(process_madvise, "process_madvise(process, addr, len, advice, flags)", "peeee", 0, harms_process_madvise, run_process_madvise),
    OTHER(process_vm_readv, "process_vm_readv(process, addr, raddr, len)", "peee", SYS_process_vm_readv, harms_process_vm, run_process_vm),
    OTHER(process_vm_readv, "process_vm_readv(process, lvec, lcnt, rvec, rcnt, flags)", "peeeee", SYS_process_vm_readv, harms_process_vm, run_process_vm),
    OTHER(process_vm_writev, "process_vm_writev(process, addr, raddr, len)", "peee", SYS_process_vm_writev, harms_process_vm, run_process_vm),
    OTHER(process_vm_writev, "process_vm_writev(process, lvec, lcnt, rvec, rcnt, flags)", "peeeee", SYS_process_vm_writev, harms_process_vm, run_process_vm),
    OTHER(waited, "waited()", "", 0, NULL, run_waited),
    OTHER(exit, "exit(n)", "e", 0, NULL, run_exit),
    OTHER(wait, "wait(process)", "p", 0, NULL, run_wait),
    OTHER(maps, "maps()", "", 0, NULL, run_maps),
    OTHER(smaps, "smaps(addr)", "e", 0, NULL, run_smaps),
    OTHER(vmflags, "vmflags(addr)", "e", 0, NULL, run_vmflags),
    OTHER(pagemap, "pagemap(addr, len)", "ee", 0, harms_pagemap, run_pagemap),
    OTHER(status, "status()", "", 0, NULL, run_status),
    OTHER(status, "status(\"field\")", "s", 0, NULL, run_status_field),
};

#define NR_CALLS (sizeof calls / sizeof *calls)

void calls_print(void)
{
    for (size_t i = 0; i < NR_CALLS; i++) puts(calls[i].usage);
}

bool call_asks_for_times(const struct call *call)
{
    return call->run == run_times;
}

bool call_makes_process(const struct call *call)
{
    return call->run == run_fork || call->run == run_thread || call->run == run_vfork;
}

static bool takes_kind(const struct call *call, int argument, char wanted)
{
    const char *kind = call->takes;
    for (int i = 0; *kind; kind++)
        if (*kind != '?' && i++ == argument) return *kind == wanted;
    return false;
}

bool call_takes_process(const struct call *call, int argument)
{
    return takes_kind(call, argument, 'p');
}

bool call_binds_argument(const struct call *call, int argument)
{
    return takes_kind(call, argument, 'n');
}

/* ---- choosing a row ---- */

static bool fits(const struct arg *arg, char kind)
{
    if (kind == 'd') return arg->pieces != NULL;
    if (kind == 's') return arg->nr_pieces == 1 && arg->pieces->text && !arg->pieces->has_count;
    if (kind == 'p' || kind == 'n') return !arg->pieces && arg->expr.nr_steps == 1 && arg->expr.steps[0].kind == PUSH_SYMBOL;
    return arg->pieces == NULL;
}

static bool row_fits(const struct call *call, const struct statement *statement)
{
    bool optional = false;
    int i = 0;
    for (const char *kind = call->takes; *kind; kind++) {
        if (*kind == '?') {
            optional = true;
            continue;
        }
        if (i == statement->nr_args) return optional;
        if (!fits(&statement->args[i++], *kind)) return false;
    }
    return i == statement->nr_args;
}

const char *call_find(const char *name, const struct statement *statement, const struct call **call)
{
    static char message[256];
    size_t used = 0;
    for (size_t i = 0; i < NR_CALLS; i++) {
        if (strcmp(calls[i].name, name) != 0) continue;
        *call = &calls[i];
        if (row_fits(&calls[i], statement)) return NULL;
        used += (size_t)snprintf(message + used, sizeof message - used, "%s%s",
                                 used ? " or " : "the arguments do not fit; write ", calls[i].usage);
    }
    if (!used) snprintf(message, sizeof message, "there is no call %s; --calls prints those there are", name);
    return message;
}
