/*
 * Scenario processes as the controller sees them: starting, commanding, watching them die, clearing up.
 *
 * It speaks to agent.c through the control region and knows nothing of the scenario language.
 * Invariant: an alive process is idle, waiting for a command, whenever no function of this file runs, or `waiting`.
 */
#ifndef NATIVE_PROCESS_H
#define NATIVE_PROCESS_H

#include "agent.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct region;                             /* print.h: what addresses are printed relative to */

/* What addresses are printed by: one for each address space. */
struct space {
    struct space *next;                    /* all of the scenario */
    const struct region *regions;          /* the latest first; print.c's */
    uint64_t highest_break;                /* seen in it, or in the one it was copied from */
};

/* A process of the scenario, or one thread of it. */
struct process {
    struct process *next;                  /* all of the scenario, the newest first */
    int index;                             /* of its slot */
    pid_t pid, group;                      /* of the thread; of its process */
    int pidfd;                             /* of its process */
    bool alive;
    bool executing;                        /* another program: it takes no command */
    bool waiting;                          /* in a call that has not come back: it takes no command */
    int death_signal;                      /* once dead: the signal that killed it, or 0 */
    uint64_t minflt, majflt;               /* page faults of its commands */
    struct space *space;
    struct range moves;                    /* of the waiting room: what its call that may wait reads into or writes from */
    struct waited *waited;                 /* its last call that waited and has come back; NULL for none */
};

/* What a call that waited has come to. */
struct waited {
    int64_t result;
    uint32_t nr_notes;
    struct note notes[MAX_NOTES];
    uint8_t *bytes;                        /* what a read shows; NULL for any other call */
};

enum outcome { DONE, DIED, TIMED_OUT, WAITING, EXECUTING };
enum kinship { A_CHILD, A_THREAD, A_VFORK_CHILD };

/* Once, before the first scenario: maps the control region. Prints what fails and returns false. */
bool processes_prepare(double step_seconds);

/* A fresh process in directory `cwd`, as a scenario starts; NULL when it cannot be had (said on stderr). */
struct process *process_start(const char *cwd);

/* One command; 0 to 6 arguments. DONE leaves its result and notes in the slot; otherwise the process is gone. */
enum outcome process_command(struct process *process, enum op op, const uint64_t args[6]);

/* A system call in the process. `*result` is its return value, negative errno on failure. */
enum outcome process_syscall(struct process *process, long nr, const uint64_t args[6], int64_t *result);

/* The same for a call that may have to wait: WAITING once it does; then the process takes no command until it is woken. */
enum outcome process_waiting_syscall(struct process *process, long nr, const uint64_t args[6], int64_t *result);

/* Whole pages of the waiting room for `length` bytes that the process's next waiting system call moves, its own until that
 * has come back. 0: those that wait have left too little. */
uint64_t process_waiting_buffer(struct process *process, uint64_t length);

/* execve. DONE: it failed, with `*result` a negative errno; EXECUTING: the program sleeps. */
enum outcome process_exec(struct process *process, const uint64_t args[6], int64_t *result);

/* A SIGKILL was sent to the process. */
void process_killed(struct process *process);

/* Between statements: those that waited and were woken run until they have come back, died, or wait again. */
void processes_settle(void);

/* After a change of a disposition: the process's other threads have it too. */
void process_share_dispositions(const struct process *process);

/* Makes `parent` fork, or have another thread. On DONE `*child` is the new process, or NULL with `*error` the negative errno, or
 * with 0 when it did not come up in time. */
enum outcome process_fork(struct process *parent, enum kinship kinship, struct process **child, int64_t *error);

/* The same for vfork: `parent` waits until the child has ended. `*child` is NULL when it did not come up. */
enum outcome process_vfork(struct process *parent, struct process **child);

/* The page faults that the commands of a process, of all its threads, took. */
void process_faults(const struct process *process, uint64_t *minor, uint64_t *major);

/* Kills what is alive, reaps everything, forgets all. False when something would not die (said on stderr). */
bool processes_finish(void);

static inline struct slot *process_slot(const struct process *process) { return SLOT_AT(process->index); }

/* Makes the copy of the program that scenario processes run; false when it cannot be made. */
bool copy_program(void);

/* The driver's own memory in every scenario process. */
bool own_overlaps(uint64_t start, uint64_t end);
uint64_t own_pages(void);                  /* what it adds to total_vm */

/* Set by a signal handler: stop, clear up, leave. */
extern volatile int interrupted;

#endif
