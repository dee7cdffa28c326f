/*
 * Calls that wait for another process, and how they come back.
 *
 * A process waits once it is seen asleep in the call; what it comes to is kept for waited(). Who wakes it does so before its
 * own call is over, and is asleep itself by then. So between statements it is enough to let those that are awake run: when
 * each of them waits again, has come back or has died, nothing moves any more.
 *
 * Invariant: between statements every process that lives is idle, waits, or runs another program that sleeps.
 */
#include "command.h"
#include "proc.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

void waited_free(struct process *process)
{
    if (process->waited) free(process->waited->bytes);
    free(process->waited);
    process->waited = NULL;
}

/* Whether the command of a process is over: it has answered, or it has died. */
static bool is_over(const struct process *process)
{
    uint32_t reply = __atomic_load_n(&process_slot(process)->reply, __ATOMIC_ACQUIRE);
    return reply == REPLY_DONE || (reply & FUTEX_OWNER_DIED) || has_died(process, 0);
}

static bool is_vfork(const struct process *process)
{
    return process_slot(process)->op == OP_VFORK;
}

static bool still_waits(const struct process *process)
{
    const struct slot *slot = process_slot(process);
    return is_vfork(process) ? waits_in_vfork(process) : waits_in(process, (long)slot->nr, slot->args[0]);
}

static void pause_shortly(void)
{
    const struct timespec pause = { 0, SHORT_NS };
    nanosleep(&pause, NULL);
}

/* ---- what they move ---- */

static const struct process *user_of(uint64_t start, uint64_t end)
{
    for (const struct process *p = all; p; p = p->next)
        if (p->alive && p->waiting && start < p->moves.end && p->moves.start < end) return p;
    return NULL;
}

uint64_t process_waiting_buffer(struct process *process, uint64_t length)
{
    uint64_t start = WAITING_ROOM, size = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    for (const struct process *user; (user = user_of(start, start + size));) start = user->moves.end;
    if (size > TRANSFER - start) return 0;
    process->moves = (struct range){ start, start + size };
    return start;
}

/* ---- the calls ---- */

enum outcome process_waiting_syscall(struct process *process, long nr, const uint64_t args[6], int64_t *result)
{
    struct slot *slot = process_slot(process);
    double end = command_end();
    slot->nr = (uint64_t)nr;
    give_command(process, OP_SYSCALL, args);
    while (!is_over(process) && now() < end && !interrupted) {
        if (still_waits(process)) {
            process->waiting = true;
            return WAITING;
        }
        pause_shortly();
    }
    enum outcome outcome = end_of_command(process);
    process->moves = (struct range){ 0, 0 };
    *result = slot->result;
    return outcome;
}

/* Keeps what a call has come to before the process is given another. */
static void keep_result(struct process *process)
{
    const struct slot *slot = process_slot(process);
    uint64_t buffer = process->moves.start;
    bool shows = buffer && slot->nr == SYS_read && slot->result >= 0;
    waited_free(process);
    struct waited *waited = process->waited = calloc(1, sizeof *waited);
    if (!waited) abort();
    waited->result = slot->result;
    waited->nr_notes = slot->nr_notes;
    memcpy(waited->notes, slot->notes, sizeof waited->notes);
    if (!shows) return;
    waited->bytes = malloc((size_t)slot->result + 1);
    if (!waited->bytes) abort();
    memcpy(waited->bytes, (const void *)buffer, (size_t)slot->result);
}

/* The end of a call that waited. One that takes too long to come back is killed, as any command is. */
static void come_back(struct process *process)
{
    process->waiting = false;
    if (end_of_command(process) == DONE && !is_vfork(process)) keep_result(process);
    process->moves = (struct range){ 0, 0 };
}

enum turn { RESTS, RUNS, CAME_BACK };

static enum turn look_at(struct process *process, double end)
{
    if (!is_over(process) && now() < end && !interrupted) return still_waits(process) ? RESTS : RUNS;
    come_back(process);
    return CAME_BACK;
}

/* Whoever runs may wake another that was looked at before it: nobody moves once all have been seen at rest in one round. */
void processes_settle(void)
{
    double end = command_end();
    bool moves = true;
    while (moves) {
        moves = false;
        for (struct process *p = all; p; p = p->next) {
            if (!p->alive || !p->waiting) continue;
            enum turn turn = look_at(p, end);
            if (turn != RESTS) moves = true;
            if (turn == RUNS) pause_shortly();
        }
    }
}
