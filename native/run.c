/*
 * Runs a scenario: statement by statement evaluates the arguments, has the call made, prints the line, binds.
 *
 * The order of the verdicts: dead, unbound, refused, waiting, then what the kernel says.
 */
#include "run.h"
#include "calls.h"
#include "handle.h"
#include "mounts.h"
#include "names.h"
#include "print.h"
#include "shm-room.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* ---- arguments ---- */

/* False when a name has no value. */
static bool evaluate(const struct expr *expr, uint64_t *value)
{
    uint64_t stack[3 * MAX_DEPTH + 8];     /* each level may wait for the right side of a *, a + and a | */
    int top = 0;
    for (int i = 0; i < expr->nr_steps; i++) {
        const struct step *step = &expr->steps[i];
        uint64_t right = top > 0 ? stack[top - 1] : 0;
        switch (step->kind) {
        case PUSH_NUMBER: stack[top++] = step->number; continue;
        case PUSH_HEAP: stack[top++] = CONTROL->heap; continue;
        case PUSH_SYMBOL:
            if (!step->symbol->has_value) return false;
            stack[top++] = step->symbol->value;
            continue;
        case NEGATE: stack[top - 1] = -right; continue;
        case INVERT: stack[top - 1] = ~right; continue;
        case ADD: stack[top - 2] += right; break;
        case SUBTRACT: stack[top - 2] -= right; break;
        case MULTIPLY: stack[top - 2] *= right; break;
        case UNITE: stack[top - 2] |= right; break;
        }
        top--;
    }
    *value = stack[0];
    return true;
}

enum verdict { READY, UNBOUND, TOO_LARGE };

/* One piece of data to the end of what stands in the transfer buffer. */
static enum verdict append(const struct piece *piece, uint64_t *used)
{
    uint64_t byte = 0, count = 1;
    if (!piece->text && !evaluate(&piece->byte, &byte)) return UNBOUND;
    if ((!piece->text || piece->has_count) && !evaluate(&piece->count, &count)) return UNBOUND;
    uint64_t unit = piece->text ? piece->length : 1;
    if (unit && count > (MAX_TRANSFER - *used) / unit) return TOO_LARGE;
    uint8_t *to = (uint8_t *)TRANSFER + *used;
    if (!piece->text) memset(to, (int)(uint8_t)byte, count);
    else for (uint64_t i = 0; unit && i < count; i++) memcpy(to + i * unit, piece->text, unit);
    *used += unit * count;
    return READY;
}

/* Data and strings go to the transfer buffer, one after the other, each with a zero byte behind it. */
static enum verdict gather(struct run *run, int index, uint64_t *used)
{
    const struct arg *arg = &run->statement->args[index];
    uint64_t start = *used;
    enum verdict verdict = READY;
    for (int i = 0; i < arg->nr_pieces; i++) {
        enum verdict next = append(&arg->pieces[i], used);
        if (next != READY && verdict != UNBOUND) verdict = next;
    }
    run->a[index] = TRANSFER + start;
    run->data_length = *used - start;
    ((uint8_t *)TRANSFER)[(*used)++] = 0;
    return verdict;
}

static enum verdict evaluate_all(struct run *run)
{
    const struct statement *statement = run->statement;
    enum verdict verdict = READY;
    uint64_t used = 0;
    for (int i = 0; i < statement->nr_args; i++) {
        enum verdict next = READY;
        if (call_binds_argument(statement->call, i)) continue;
        if (call_takes_process(statement->call, i)) {
            if (!statement->args[i].expr.steps[0].symbol->process) next = UNBOUND;
        } else if (statement->args[i].pieces) {
            next = gather(run, i, &used);
        } else if (!evaluate(&statement->args[i].expr, &run->a[i])) {
            next = UNBOUND;
        }
        if (next != READY && verdict != UNBOUND) verdict = next;
    }
    const char *optional = strchr(statement->call->takes, '?');
    if (optional && statement->nr_args == optional - statement->call->takes) run->a[statement->nr_args] = statement->call->spare;
    return verdict;
}

/* ---- the line ---- */

static void print_note(const struct process *process, const struct note *note)
{
    printf(" --- %s {si_code=%s", signal_name(note->signal), si_code_name(note->signal, note->code));
    if (note->signal == SIGSEGV || note->signal == SIGBUS) {
        fputs(", si_addr=", stdout);
        print_address(process, note->address);
    }
    fputs("} ---", stdout);
}

static void print_signals(const struct process *process, enum outcome outcome)
{
    const struct slot *slot = process_slot(process);
    for (uint32_t i = 0; i < slot->nr_notes && i < MAX_NOTES; i++) print_note(process, &slot->notes[i]);
    if (outcome == DIED) printf(" +++ killed by %s +++", signal_name(process->death_signal));
}

/* Whether the process takes no command, and why; DONE if it does. Of another program the maps can be asked. */
static enum outcome standstill(const struct run *run)
{
    if (run->process->executing && run->statement->call->run != run_maps) return EXECUTING;
    return run->process->waiting ? WAITING : DONE;
}

static void make_call(struct run *run)
{
    const struct call *call = run->statement->call;
    process_slot(run->process)->nr_notes = 0;
    enum verdict verdict = evaluate_all(run);
    if (verdict == READY) mounts_translate(run);
    if (verdict == UNBOUND) {
        fputs(" = unbound", stdout);
        return;
    }
    if (verdict == TOO_LARGE || (standstill(run) == DONE && call->harmful && call->harmful(run))) {
        fputs(" = refused", stdout);
        return;
    }
    enum outcome outcome = standstill(run);
    if (outcome == DONE) outcome = call->run(run);
    if (outcome == WAITING) fputs(" = waiting", stdout);
    else if (outcome == EXECUTING) fputs(" = executing", stdout);
    else if (outcome == TIMED_OUT) fputs(" = timeout", stdout);
    else print_signals(run->process, outcome);
}

static void bind_name(struct symbol *name, const struct run *run)
{
    name->has_value = run->has_value;
    name->value = run->value;
    name->process = run->made;
}

/* What the call would bind beside `name =` has no value until it has succeeded. */
static void unbind_arguments(const struct statement *statement)
{
    for (int i = 0; i < statement->nr_args; i++)
        if (call_binds_argument(statement->call, i)) statement->args[i].expr.steps[0].symbol->has_value = false;
}

static void run_statement(const struct statement *statement)
{
    struct run run = { .statement = statement, .process = statement->who->process };
    unbind_arguments(statement);
    printf("%d %s %s ->", statement->line, statement->who->name, statement->text);
    if (run.process && run.process->alive) make_call(&run);
    else fputs(" = dead", stdout);
    putchar('\n');
    if (statement->name) bind_name(statement->name, &run);
}

const char *scenario_directory;

bool scenario_run(struct scenario *scenario, const char *cwd)
{
    shm_room_begin();
    scenario_directory = cwd;
    times_begin();
    mounts_begin(scenario, cwd);
    scenario->main->process = process_start(cwd);
    bool started = scenario->main->process != NULL;
    print_reset();
    for (int i = 0; started && i < scenario->nr_statements && !interrupted; i++) {
        if (scenario->asks_for_times) times_await_tick();
        if (scenario->statements[i].call) run_statement(&scenario->statements[i]);
        else mounts_make(&scenario->statements[i]);
        processes_settle();
    }
    bool clean = processes_finish();
    clean = mounts_finish() && clean;
    return shm_room_finish() && clean && started;
}
