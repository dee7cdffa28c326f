/*
 * What the answers look like: addresses relative to regions, bytes as strings.
 *
 * Invariant: a line's text depends on the scenario and the kernel's answer only, never on where the kernel or
 * the driver happened to put things.
 */
#ifndef NATIVE_PRINT_H
#define NATIVE_PRINT_H

#include "process.h"

#include <stddef.h>

/* A mapping that addresses are printed relative to. Never changed once made: a forked child shares the list. */
struct region {
    const struct region *older;            /* as the process sees them */
    struct region *made_before;
    uint64_t start, end;
    char name[40];
};

/* Forgets the scenario's regions. */
void print_reset(void);

/* A mapping [start, start + length) that got `name`, or with name NULL "@line". Those in the arena need none. */
void region_add(struct process *process, uint64_t start, uint64_t length, const char *name, int line);

void print_address(const struct process *process, uint64_t address);
void print_bytes(const uint8_t *bytes, size_t length);

/* "START-END", both relative to what START is. */
void print_range(const struct process *process, uint64_t start, uint64_t end);

#endif
