/*
 * What runs inside a scenario's process: it waits for a command, does it, answers.
 *
 * After agent_boot nothing is mapped but a copy of the program and the control region, so this file must call no library
 * function, touch no writable global, run wherever it stands and keep every byte of its state in its slot.
 * It knows system calls, loads and stores; names, text and rules are the controller's.
 *
 * Invariant: the scenario's memory is reached through agent-access.c alone; a caught fault resumes at slot->landing with
 * the access abandoned.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "agent-access.h"

#include <asm/prctl.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#define LIVENESS_SECONDS 5
#define SA_RESTORER_FLAG 0x04000000ul
#define TRAP_FLAG 0x100
#define VFORK_FLAGS (CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD)
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define MADV_POPULATE_READ_ 22
#define MADV_POPULATE_WRITE_ 23
#define RUSAGE_OF_THREAD 1
#define MINFLT 8                           /* in the words of struct rusage */
#define MAJFLT 9
#define CANARY 5                           /* index in thread_area: %fs:0x28 */
#define HUGE_ALIGN (2ul << 20)

struct kernel_sigaction { uint64_t handler, flags, restorer, mask; };

static int64_t raw(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    int64_t result;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static struct slot *my_slot(void)
{
    return (struct slot *)((uint64_t)__builtin_frame_address(0) & ~(SLOT_SIZE - 1));
}

/* ---- signals ---- */

/* What a handler returns to: rt_sigreturn. */
__asm__(".text\n.hidden agent_sigreturn\n.globl agent_sigreturn\n.type agent_sigreturn, @function\n"
        "agent_sigreturn:\n\tmovl $15, %eax\n\tsyscall\n\tud2\n");
void agent_sigreturn(void) __attribute__((visibility("hidden")));

static int64_t set_disposition(int signal, uint64_t handler)
{
    struct kernel_sigaction action = { handler, SA_SIGINFO | SA_RESTORER_FLAG, (uint64_t)agent_sigreturn, 0 };
    return raw(SYS_rt_sigaction, (uint64_t)signal, (uint64_t)&action, 0, 8, 0, 0);
}

/* Notes the signal. Caught: an access is abandoned at its landing, a system call goes on. Otherwise the real
 * disposition is set and the access made again, so that the kernel decides; a signal that no access raised
 * (SIGXFSZ, SIGPIPE) is sent once more. A fault of this file's own, which would be a bug, ends the process. */
static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct slot *slot = my_slot();
    ucontext_t *user = context;
    int is_fault = signal == SIGSEGV || signal == SIGBUS;
    int how = slot->disposition[signal];
    if (signal == SIGTRAP) {
        agent_step(slot, &user->uc_mcontext.gregs[REG_RIP], &user->uc_mcontext.gregs[REG_EFL]);
        return;
    }
    if (slot->nr_notes < MAX_NOTES) {
        struct note *note = &slot->notes[slot->nr_notes++];
        note->signal = signal;
        note->code = info->si_code;
        note->address = is_fault ? (uint64_t)info->si_addr : 0;
    }
    if (how == TO_CATCH && (slot->landing || !is_fault)) {
        if (slot->landing) {
            user->uc_mcontext.gregs[REG_RIP] = (greg_t)slot->landing;
            user->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
        }
        return;
    }
    set_disposition(signal, how == TO_IGNORE ? 1 : 0);
    if (!is_fault)
        raw(SYS_tgkill, (uint64_t)raw(SYS_getpid, 0, 0, 0, 0, 0, 0), (uint64_t)raw(SYS_gettid, 0, 0, 0, 0, 0, 0),
            (uint64_t)signal, 0, 0, 0);
}

/* SIGSEGV and SIGBUS keep the handler whatever is asked, so that it can note the fault; the others are really
 * ignored, since nothing would come of them. */
static int64_t choose_disposition(struct slot *slot, int signal, int how)
{
    slot->disposition[signal] = (uint8_t)how;
    int is_fault = signal == SIGSEGV || signal == SIGBUS;
    return set_disposition(signal, !is_fault && how == TO_IGNORE ? 1 : (uint64_t)on_signal);
}

/* ---- the loop ---- */

/* Gives the code on `slot` something for %fs to point to. The stack protector's canary, which the compiler may
 * read there, stays what it was: functions that are under way compare it when they return. */
static void keep_canary(struct slot *slot)
{
    __asm__ volatile("movq %%fs:0x28, %0" : "=r"(slot->thread_area[CANARY]));
}

static void attach(struct slot *slot)
{
    raw(SYS_arch_prctl, ARCH_SET_FS, (uint64_t)slot->thread_area, 0, 0, 0, 0);
    slot->robust.list.next = &slot->held;
    slot->held.next = &slot->robust.list;
    slot->robust.offset = (int64_t)(offsetof(struct slot, reply) - offsetof(struct slot, held));
    slot->robust.pending = 0;
    raw(SYS_set_robust_list, (uint64_t)&slot->robust, sizeof slot->robust, 0, 0, 0, 0);
    raw(SYS_set_tid_address, 0, 0, 0, 0, 0, 0);
}

static void answer(struct slot *slot)
{
    __atomic_store_n(&slot->reply, REPLY_DONE, __ATOMIC_RELEASE);
    raw(SYS_futex, (uint64_t)&slot->reply, FUTEX_WAKE, 1, 0, 0, 0);
}

static void await(struct slot *slot, uint32_t seen)
{
    while (__atomic_load_n(&slot->command, __ATOMIC_ACQUIRE) == seen) {
        struct timespec limit = { LIVENESS_SECONDS, 0 };
        int64_t r = raw(SYS_futex, (uint64_t)&slot->command, FUTEX_WAIT, seen, (uint64_t)&limit, 0, 0);
        if (r == -ETIMEDOUT && raw(SYS_kill, (uint64_t)CONTROL->controller, 0, 0, 0, 0, 0) == -ESRCH)
            raw(SYS_exit_group, 1, 0, 0, 0, 0, 0);
    }
}

static void serve(struct slot *slot) __attribute__((noreturn));

/* Maps what the agent itself will touch, so that faults during a command are the command's. */
static void touch_own(const struct slot *slot)
{
    const struct range *program = &CONTROL->program;
    raw(SYS_madvise, (uint64_t)slot, SLOT_SIZE, MADV_POPULATE_WRITE_, 0, 0, 0);
    raw(SYS_madvise, TRANSFER, CONTROL_END - TRANSFER, MADV_POPULATE_WRITE_, 0, 0, 0);
    raw(SYS_madvise, program->start, program->end - program->start, MADV_POPULATE_READ_, 0, 0, 0);
}

static void child_main(struct slot *slot)
{
    attach(slot);
    touch_own(slot);
    serve(slot);
}

/* clone(2), except that the child or thread starts on its own slot's stack. */
static int64_t clone_onto(struct slot *child, uint64_t flags)
{
    int64_t result;
    keep_canary(child);
    register struct slot *r12 __asm__("r12") = child;
    register uint64_t r13 __asm__("r13") = (uint64_t)child_main;
    register uint64_t r10 __asm__("r10") = 0;
    register uint64_t r8 __asm__("r8") = 0;
    __asm__ volatile("syscall\n\ttestq %%rax, %%rax\n\tjnz 1f\n\txorl %%ebp, %%ebp\n\tmovq %%r12, %%rdi\n\t"
                     "call *%%r13\n\tud2\n1:"
                     : "=a"(result)
                     : "a"(SYS_clone), "D"(flags), "S"((uint64_t)child + SLOT_SIZE), "d"((uint64_t)&child->made), "r"(r10),
                       "r"(r8), "r"(r12), "r"(r13)
                     : "rcx", "r11", "memory");
    return result;
}

static int64_t obey(struct slot *slot)
{
    uint64_t *a = slot->args;
    switch (slot->op) {
    case OP_SYSCALL: return raw(slot->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    case OP_LOAD: return (int64_t)guarded_load(slot, a[0], a[1]);
    case OP_STORE: guarded_store(slot, a[0], a[1], a[2]); return 0;
    case OP_COPYIN: return (int64_t)guarded_copy(slot, TRANSFER, a[0], a[1]);
    case OP_COPYOUT: return (int64_t)guarded_copy(slot, a[0], TRANSFER, a[1]);
    case OP_CAS: return (int64_t)guarded_cas(slot, a[0], a[1], a[2], a[3]);
    case OP_FETCHADD: return (int64_t)guarded_fetchadd(slot, a[0], a[1], a[2]);
    case OP_FETCH: guarded_fetch(slot, a[0]); return 0;
    case OP_DISPOSITION: return choose_disposition(slot, (int)a[0], (int)a[1]);
    case OP_FORK: return clone_onto(SLOT_AT(a[0]), SIGCHLD);
    case OP_THREAD: return clone_onto(SLOT_AT(a[0]), THREAD_FLAGS);
    case OP_VFORK: return clone_onto(SLOT_AT(a[0]), VFORK_FLAGS);
    }
    return -ENOSYS;
}

/* The slot of a process that is to be made: touched before faults are counted. */
static void touch_kin(const struct slot *slot)
{
    if (slot->op == OP_FORK || slot->op == OP_THREAD || slot->op == OP_VFORK) keep_canary(SLOT_AT(slot->args[0]));
}

/* The same of what a read or write moves between a pipe and the control region. */
static void touch_waiting_room(const struct slot *slot)
{
    uint64_t start = slot->args[1];
    if (slot->op == OP_SYSCALL && start >= WAITING_ROOM && start < TRANSFER)
        raw(SYS_madvise, start, slot->args[2], MADV_POPULATE_WRITE_, 0, 0, 0);
}

static void count_faults(struct slot *slot)
{
    raw(SYS_getrusage, RUSAGE_OF_THREAD, (uint64_t)slot->usage, 0, 0, 0, 0);
}

static void serve(struct slot *slot)
{
    uint32_t seen = 0;
    for (;;) {
        answer(slot);
        await(slot, seen);
        seen++;
        touch_kin(slot);
        touch_waiting_room(slot);
        count_faults(slot);
        uint64_t minor = slot->usage[MINFLT], major = slot->usage[MAJFLT];
        slot->result = obey(slot);
        count_faults(slot);
        slot->minflt = slot->usage[MINFLT] - minor;
        slot->majflt = slot->usage[MAJFLT] - major;
    }
}

/* ---- becoming a scenario process ---- */

static void own(uint64_t start, uint64_t end)
{
    struct range *range = &CONTROL->own[CONTROL->nr_own++];
    range->start = start;
    range->end = end;
}

/* Fills a range that the scenario is not to have. Shared, so that no private mapping next to it ever merges. */
static void block(uint64_t start, uint64_t end)
{
    raw(SYS_mmap, start, end - start, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, (uint64_t)-1, 0);
    own(start, end);
}

/* Unmaps everything but the copy of the program and the control region behind it. */
static void unmap_the_rest(void)
{
    uint64_t start = CONTROL->program.start;
    CONTROL->nr_own = 0;
    raw(SYS_munmap, 0, start, 0, 0, 0, 0);
    raw(SYS_munmap, CONTROL_END, TASK_SIZE - CONTROL_END, 0, 0, 0, 0);
    own(start, CONTROL_END);
}

/* Sets the program break to HEAP_BASE and the data segment to nothing, so that RLIMIT_DATA sees the scenario
 * alone. Where the kernel cannot do it the break stays where exec put it; what was before it is unmapped. */
static void place_heap(uint64_t code)
{
    struct prctl_mm_map map = {
        .start_code = code, .end_code = code + PAGE_SIZE, .start_data = code, .end_data = code,
        .start_brk = HEAP_BASE, .brk = HEAP_BASE, .start_stack = CONTROL_BASE,
        .arg_start = CONTROL_BASE, .arg_end = CONTROL_BASE, .env_start = CONTROL_BASE, .env_end = CONTROL_BASE,
        .auxv = 0, .auxv_size = 0, .exe_fd = (uint32_t)-1,
    };
    raw(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (uint64_t)&map, sizeof map, 0, 0);
    CONTROL->heap = (uint64_t)raw(SYS_brk, 0, 0, 0, 0, 0, 0);
}

/* The kernel places top-down from its mmap base. Fills what lies between that and a multiple of 2 MiB. */
static void level_the_top(void)
{
    int64_t probe = raw(SYS_mmap, 0, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0);
    uint64_t top = (uint64_t)probe + PAGE_SIZE, level = top & ~(HUGE_ALIGN - 1);
    if (probe < 0) return;
    raw(SYS_munmap, (uint64_t)probe, PAGE_SIZE, 0, 0, 0, 0);
    if (level < top) block(level, top);
}

static void agent_boot(struct slot *slot)
{
    unmap_the_rest();
    place_heap((uint64_t)agent_boot & ~(PAGE_SIZE - 1));
    level_the_top();
    choose_disposition(slot, SIGSEGV, TO_CATCH);
    choose_disposition(slot, SIGBUS, TO_CATCH);
    choose_disposition(slot, SIGXFSZ, TO_CATCH);
    set_disposition(SIGTRAP, (uint64_t)on_signal);
    choose_disposition(slot, SIGPIPE, TO_CATCH);
    touch_own(slot);
    serve(slot);
}

void agent_enter(struct slot *slot)
{
    keep_canary(slot);
    attach(slot);
    __asm__ volatile("movq %0, %%rsp\n\txorl %%ebp, %%ebp\n\tmovq %1, %%rdi\n\tcall *%2\n\tud2"
                     : : "r"((uint64_t)slot + SLOT_SIZE), "r"(slot), "r"(agent_boot) : "memory", "rdi");
    __builtin_unreachable();
}
