/*
 * What process.c, command.c and wait.c share: the list of processes, and the parts of a command.
 */
#ifndef NATIVE_COMMAND_H
#define NATIVE_COMMAND_H

#include "process.h"

#define SHORT_NS 50000                     /* between two looks at something that takes turns with the driver */

extern struct process *all;                /* of the scenario, the newest first */

double now(void);                          /* in seconds */
void command_limit(double seconds);
double command_end(void);                  /* when a command that begins now has taken too long */

void give_command(struct process *process, enum op op, const uint64_t args[6]);
enum outcome end_of_command(struct process *process);

/* Whether it does so within that time. */
bool has_died(const struct process *process, int milliseconds);

/* Sees to the end of a process, or of a thread alone, that has died in a command. */
void bury(struct process *process);

/* Waits until the process, with all its threads, is a zombie or gone. */
bool await_end(const struct process *process);
void process_renew_space(struct process *process);
void mark_dead(struct process *process);
void waited_free(struct process *process);
bool shares_group(const struct process *one, const struct process *other);

#endif
