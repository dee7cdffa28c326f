/*
 * The control region: what the controller and the scenario's processes share.
 *
 * It is one shared anonymous mapping at a fixed address, inherited by every process. Each process owns one
 * slot (mailbox, signal notes, stack); all use one transfer buffer, since only one statement runs at a time, and
 * calls that wait share the room for what they move meanwhile. Being shared memory it counts neither as RLIMIT_DATA nor
 * as anything a fork would copy, and it needs no descriptor. It is kept small, since it counts for mlockall.
 *
 *   program's copy | CONTROL_BASE                                                     CONTROL_END
 *                  | head | slot 0: mailbox, stack ^ | slot 1 | ... | waiting | transfer | nothing mapped
 *
 * Invariant: a slot is aligned to its size, so the code running on its stack finds it by rounding rsp down.
 */
#ifndef NATIVE_AGENT_H
#define NATIVE_AGENT_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096ul
#define TASK_SIZE 0x7ffffffff000ul
#define MMAP_TOP 0x7ffff7c00000ul         /* the kernel places mappings below; all that is the driver's lies above */
#define CONTROL_BASE 0x7ffffb000000ul
#define HEAP_BASE 0x555555560000ul
#define SLOT_SIZE 0x4000ul
#define MAX_PROCESSES 16
#define MAX_TRANSFER (256ul * 1024)
#define PIPE_BYTES 65536ul                /* a pipe holds no more: no call here makes one larger */
#define WAITING_BYTES (MAX_TRANSFER + PIPE_BYTES)   /* the longest write may wait, and still be read by another */
#define MAX_NOTES 4
#define MAX_OWN 2

enum op { OP_SYSCALL, OP_LOAD, OP_STORE, OP_COPYIN, OP_COPYOUT, OP_CAS, OP_FETCHADD, OP_FETCH, OP_DISPOSITION, OP_FORK, OP_THREAD, OP_VFORK };
enum disposition { TO_DEFAULT, TO_IGNORE, TO_CATCH };

/* Values of slot.reply. While a process works it holds its thread id with FUTEX_WAITERS, the form in which the
 * kernel marks it FUTEX_OWNER_DIED through the robust list when the process dies. */
enum reply { REPLY_NONE = 0x3ffffffe, REPLY_DONE = 0x3fffffff };

struct range { uint64_t start, end; };                  /* half open, whole pages */
struct note { int32_t signal, code; uint64_t address; }; /* one signal as the handler saw it */
struct robust_node { struct robust_node *next; };

struct slot {
    uint32_t command;                /* futex: counts the commands given */
    uint32_t reply;                  /* futex: enum reply, or the thread id */
    uint32_t op;
    uint32_t nr_notes;
    int32_t made;                    /* id of the process on this slot, where a call of vfork has made it */
    uint64_t nr, args[6];            /* system call number; the op's arguments */
    int64_t result;
    uint64_t landing;                /* where a caught fault resumes, 0 when none may happen */
    uint64_t usage[18];              /* struct rusage of this thread */
    uint64_t minflt, majflt;         /* of the last command */
    uint64_t steps, scratch, stack_pointer;   /* while an instruction is fetched */
    struct note notes[MAX_NOTES];
    uint8_t disposition[65];         /* enum disposition, by signal number */
    struct { struct robust_node list; int64_t offset; struct robust_node *pending; } robust;
    struct robust_node held;
    uint64_t thread_area[8];         /* what %fs points to: a stack protector reads +0x28 */
    uint8_t stack[] __attribute__((aligned(64)));
};

struct control {
    int32_t controller;              /* process id; a process whose controller is gone ends itself */
    uint32_t nr_own;
    struct range program;            /* the copy of the program, up to the region */
    uint64_t shift;                  /* from where the program is to its copy */
    struct range own[MAX_OWN];       /* all that is the driver's in a scenario process, found by agent_boot */
    uint64_t heap;                   /* the program break at the start */
    uint8_t head_end[] __attribute__((aligned(SLOT_SIZE)));
    /* slots; then WAITING_BYTES for what reads and writes that may wait move; then MAX_TRANSFER bytes and one page more */
};

#define CONTROL ((struct control *)CONTROL_BASE)
#define SLOT_AT(i) ((struct slot *)(CONTROL_BASE + SLOT_SIZE + (uint64_t)(i) * SLOT_SIZE))
#define WAITING_ROOM (CONTROL_BASE + SLOT_SIZE + MAX_PROCESSES * SLOT_SIZE)
#define TRANSFER (WAITING_ROOM + WAITING_BYTES)
#define CONTROL_END (TRANSFER + MAX_TRANSFER + PAGE_SIZE)

/* Runs in a fresh process on any stack, in the copy of the program: makes it a scenario process on `slot` and never returns. */
void agent_enter(struct slot *slot) __attribute__((noreturn));

#endif
