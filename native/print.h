/*
 * What the answers look like: addresses relative to regions, bytes as strings, VMAs as /proc shows them.
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

/* The scenario's VMAs: their number, then one indented line each (without a newline after the last).
 * Returns the number, or -1 when /proc does not answer. */
long print_maps(const struct process *process);

/* The smaps line of the VMA at `address`, or "unmapped". */
void print_smaps(const struct process *process, uint64_t address);

/* Whether mapped memory leads without a hole from `start` to something of the driver's before `end`. */
bool leads_to_own(const struct process *process, uint64_t start, uint64_t end);

#endif
