/*
 * The table of calls: what each is called, what it takes, what would be harmful, how it is run and printed.
 *
 * parse.c asks it what a call takes, run.c gives it evaluated arguments. To add a call see README.md.
 */
#ifndef NATIVE_CALLS_H
#define NATIVE_CALLS_H

#include "process.h"
#include "scenario.h"

/* One statement on its way: its arguments as numbers, its outcome. */
struct run {
    const struct statement *statement;
    struct process *process;
    uint64_t a[MAX_ARGS];                  /* strings and data: their address in the transfer buffer */
    uint64_t data_length;
    int64_t result;                        /* of the last system call: negative errno on failure */
    bool has_value;                        /* to be bound to the statement's name */
    uint64_t value;
    struct process *made;                  /* by fork */
};

enum shape { INTEGER, ADDRESS };           /* of a plain call's result */

struct call {
    const char *name;
    const char *usage;                     /* for error messages */
    const char *takes;                     /* a letter an argument: e expression, s string, d data, p process, n a
                                              name that the call binds; after '?' those that may be left out */
    long nr;                               /* system call number; the width in bytes for load and store */
    enum shape shape;
    uint64_t spare;                        /* value of an argument left out */
    bool (*harmful)(struct run *run);      /* NULL: never */
    enum outcome (*run)(struct run *run);  /* runs it and prints " = ..." unless a signal took its place */
};

/* The row for `name` with the statement's arguments. Returns NULL, or what is wrong in a sentence. */
const char *call_find(const char *name, const struct statement *statement, const struct call **call);
void calls_print(void);                    /* the table, a line a row */
bool call_asks_for_times(const struct call *call);
bool call_makes_process(const struct call *call);
bool call_takes_process(const struct call *call, int argument);
bool call_binds_argument(const struct call *call, int argument);

/* harm.c, harm-path.c: true when running would damage the driver or the machine, or leave the scratch directory. */
bool harms_path(struct run *run);          /* every string argument is a path */
bool harms_symlink(struct run *run);
bool harms_fchmod(struct run *run);        /* (fd) */
bool harms_open(struct run *run);          /* the same, except for devices that anybody may open */
bool harms_mmap(struct run *run);
bool harms_mremap(struct run *run);
bool harms_munmap(struct run *run);        /* (address, length), holes skipped, refused whole by the kernel */
bool harms_madvise(struct run *run);       /* (address, length), holes skipped */
bool harms_process_madvise(struct run *run); /* (process, address, length, advice) */
bool harms_stretch(struct run *run);       /* (address, length), ends at the first hole */
bool harms_residency(struct run *run);     /* the same with a byte a page at a third address */
bool harms_access(struct run *run);        /* (address), call->nr bytes */
bool harms_fetch(struct run *run);         /* (address): an instruction that is not known to be harmless (fetch.c) */
bool harms_copy(struct run *run);          /* copyin, copyout */
bool harms_transfer(struct run *run);      /* (fd, address, length) */
bool harms_vector(struct run *run);        /* (fd, address, count) of iovecs in the process's memory */
bool harms_length(struct run *run);        /* (fd, length) */
bool harms_fallocate(struct run *run);
bool harms_sigaction(struct run *run);
bool harms_limit(struct run *run);         /* (resource) */
bool harms_process_vm(struct run *run);     /* in process-vm.c */
bool harms_between(const struct process *process, uint64_t here, const struct process *other, uint64_t there, uint64_t length);
bool harms_exec(struct run *run);            /* in exec.c */
bool harms_usage(struct run *run);           /* (field): ru_maxrss, which the driver's own pages blur */
bool harms_kill(struct run *run);
bool harms_futex(struct run *run);
bool harms_prlimit(struct run *run);       /* (process, resource) */
bool harms_prctl(struct run *run);
bool harms_fcntl(struct run *run);
bool harms_lock(struct run *run);
bool harms_flock(struct run *run);
bool harms_pipe(struct run *run);          /* (name, name, flags) */
bool harms_pagemap(struct run *run);       /* (address, length): more letters than one wants to see */
bool harms_shmget(struct run *run);
bool harms_shmat(struct run *run);         /* (id, address, flags) */
bool harms_shmctl(struct run *run);
bool harms_shm_name(struct run *run);

#endif
