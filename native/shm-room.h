/*
 * The room for a scenario's named shared memory: what stays in the system when the processes are gone.
 *
 * System V segments lie in an IPC namespace of the scenario's own; shm_open's names in a directory of their own
 * in /dev/shm. Both go away with the scenario.
 */
#ifndef NATIVE_SHM_ROOM_H
#define NATIVE_SHM_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* Before the first process of a scenario: an empty namespace, if the kernel allows it. */
void shm_room_begin(void);

/* After the last process has gone. False when something would not go away (said on stderr). */
bool shm_room_finish(void);

/* Whether keys and identifiers are the scenario's own. If not, only IPC_PRIVATE is safe. */
bool shm_is_private(void);

/* A segment was made that has to be removed; in a namespace of its own there is nothing to remember. */
void shm_made(int id);
bool shm_was_made(int id);

/* Where shm_open's names stand, made at the first call; NULL when it cannot be had. */
const char *shm_directory(void);

#endif
