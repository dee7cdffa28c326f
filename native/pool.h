/*
 * The system's pool of huge pages.
 */
#ifndef NATIVE_POOL_H
#define NATIVE_POOL_H

#include "process.h"

/* Whether [address, address + length), in whole pages of a private mapping of huge pages, is a part of it. */
bool parts_reserved(const struct process *process, uint64_t address, uint64_t length);

#endif
