/*
 * What /proc says of a scenario process, as if the driver were not there.
 */
#ifndef NATIVE_PROC_H
#define NATIVE_PROC_H

#include "process.h"

/* The scenario's VMAs: their number, then one indented line each (without a newline after the last).
 * Returns the number, or -1 when /proc does not answer. */
long print_maps(const struct process *process);

/* The smaps line of the VMA at `address`, or its VmFlags, or "unmapped". */
void print_smaps(const struct process *process, uint64_t address);
void print_vm_flags(const struct process *process, uint64_t address);

/* "N [LETTERS]": the pages of [address, address + length), fewer at the end of user space, a letter each. Returns N. */
long print_pagemap(const struct process *process, uint64_t address, uint64_t length);

/* "VmSize=4 VmLck=0 ..." in KiB; false when /proc does not answer. */
bool print_status(const struct process *process);

/* One of them by its name; false if there is none. */
bool status_field(const struct process *process, const char *name, long *value);

/* The first address from `start` on at which nothing is mapped, at most `end`. */
uint64_t first_hole(const struct process *process, uint64_t start, uint64_t end);

/* Bytes of the mapping that starts at `start`, 0 if there is none. */
uint64_t mapped_length(const struct process *process, uint64_t start);

/* The signal that ended a process that is a zombie, or 0; its own parent is to find it still. */
int death_signal(pid_t pid);

/* Whether a thread is a zombie or gone. */
bool thread_ended(const struct process *process);

/* Whether a process sleeps in pause. */
bool sleeps_in_pause(pid_t pid);

/* Whether the process waits for another in the system call `nr` with that first argument; a disk is nobody to wait for. */
bool waits_in(const struct process *process, long nr, uint64_t argument);

/* Whether it waits for its child in vfork. */
bool waits_in_vfork(const struct process *process);

/* Opens a file of the scenario's to look into it, so that its times do not tell; -1 when it cannot be opened. */
int open_unnoticed(const char *path);

#endif
