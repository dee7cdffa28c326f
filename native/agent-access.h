/*
 * Accesses of a scenario's process to its own memory: each is one instruction of the asked width, with
 * slot->landing set, so that a caught fault abandons it there. What fails gives any value.
 */
#ifndef NATIVE_AGENT_ACCESS_H
#define NATIVE_AGENT_ACCESS_H

#include "agent.h"

uint64_t guarded_load(struct slot *slot, uint64_t address, uint64_t width);
void guarded_store(struct slot *slot, uint64_t address, uint64_t width, uint64_t value);

/* Byte by byte, upwards; one side is the transfer buffer. Returns the bytes copied before a fault, if any. */
uint64_t guarded_copy(struct slot *slot, uint64_t to, uint64_t from, uint64_t length);

/* lock cmpxchg and lock xadd: what stood there before. */
uint64_t guarded_cas(struct slot *slot, uint64_t address, uint64_t width, uint64_t old, uint64_t new);
uint64_t guarded_fetchadd(struct slot *slot, uint64_t address, uint64_t width, uint64_t amount);

/* Runs the one instruction at `address`, which is a return or two zero bytes (`add %al, (%rax)`), under the trap
 * flag: agent_step is told of the trap before it and the one after it, and says where to go on. */
void guarded_fetch(struct slot *slot, uint64_t address);
void agent_step(struct slot *slot, long long *rip, long long *flags);

#endif
