/*
 * The instructions by which a scenario's process reaches its memory.
 *
 * Part of what runs inside the process (agent.c): no library function, no writable global, all state in the slot.
 * Invariant: every access is made with slot->landing set; whatever ends it, the landing is cleared.
 */
#include "agent-access.h"

#define TRAP_FLAG 0x100

#define GUARDED(code, outputs, ...)                                                          \
    __asm__ volatile("leaq 9f(%%rip), %%rax\n\tmovq %%rax, %[landing]\n\t" code              \
                     "\n9:\tmovq $0, %[landing]"                                             \
                     : [landing] "=m"(slot->landing), outputs : __VA_ARGS__ : "rax", "cc", "memory")

uint64_t guarded_load(struct slot *slot, uint64_t address, uint64_t width)
{
    uint64_t value = 0;
    if (width == 1) GUARDED("movzbl (%[p]), %k[v]", [v] "+&r"(value), [p] "r"(address));
    else if (width == 2) GUARDED("movzwl (%[p]), %k[v]", [v] "+&r"(value), [p] "r"(address));
    else if (width == 4) GUARDED("movl (%[p]), %k[v]", [v] "+&r"(value), [p] "r"(address));
    else GUARDED("movq (%[p]), %[v]", [v] "+&r"(value), [p] "r"(address));
    return value;
}

void guarded_store(struct slot *slot, uint64_t address, uint64_t width, uint64_t value)
{
    if (width == 1) GUARDED("movb %b[v], (%[p])", [v] "+&q"(value), [p] "r"(address));
    else if (width == 2) GUARDED("movw %w[v], (%[p])", [v] "+&r"(value), [p] "r"(address));
    else if (width == 4) GUARDED("movl %k[v], (%[p])", [v] "+&r"(value), [p] "r"(address));
    else GUARDED("movq %[v], (%[p])", [v] "+&r"(value), [p] "r"(address));
}

uint64_t guarded_copy(struct slot *slot, uint64_t to, uint64_t from, uint64_t length)
{
    uint64_t done = 0;
    GUARDED("1:\tcmpq %[n], %[i]\n\tje 9f\n\tmovb (%[from],%[i]), %%al\n\tmovb %%al, (%[to],%[i])\n\t"
            "incq %[i]\n\tjmp 1b",
            [i] "+&r"(done), [to] "r"(to), [from] "r"(from), [n] "r"(length));
    return done;
}

/* ---- read, change and write at once ---- */

#define ATOMIC(code, ...)                                                                    \
    __asm__ volatile("leaq 9f(%%rip), %%r11\n\tmovq %%r11, %[landing]\n\tlock " code         \
                     "\n9:\tmovq $0, %[landing]"                                             \
                     : [landing] "=m"(slot->landing), [v] "+&a"(value) : __VA_ARGS__ : "r11", "cc", "memory")

static uint64_t low(uint64_t value, uint64_t width)
{
    return width == 8 ? value : value & ((1ul << 8 * width) - 1);
}

uint64_t guarded_cas(struct slot *slot, uint64_t address, uint64_t width, uint64_t old, uint64_t new)
{
    uint64_t value = old;
    if (width == 1) ATOMIC("cmpxchgb %b[n], (%[p])", [n] "q"(new), [p] "r"(address));
    else if (width == 2) ATOMIC("cmpxchgw %w[n], (%[p])", [n] "r"(new), [p] "r"(address));
    else if (width == 4) ATOMIC("cmpxchgl %k[n], (%[p])", [n] "r"(new), [p] "r"(address));
    else ATOMIC("cmpxchgq %[n], (%[p])", [n] "r"(new), [p] "r"(address));
    return low(value, width);
}

uint64_t guarded_fetchadd(struct slot *slot, uint64_t address, uint64_t width, uint64_t amount)
{
    uint64_t value = amount;
    if (width == 1) ATOMIC("xaddb %b[v], (%[p])", [p] "r"(address));
    else if (width == 2) ATOMIC("xaddw %w[v], (%[p])", [p] "r"(address));
    else if (width == 4) ATOMIC("xaddl %k[v], (%[p])", [p] "r"(address));
    else ATOMIC("xaddq %[v], (%[p])", [p] "r"(address));
    return low(value, width);
}

/* ---- fetching an instruction ---- */

/* The jump traps once it is made, with nothing fetched yet; the instruction at `address` traps once it is done. A
 * return finds the landing on the stack, an addition finds the scratch word in rax. */
void guarded_fetch(struct slot *slot, uint64_t address)
{
    slot->steps = 0;
    __asm__ volatile("leaq 9f(%%rip), %%rax\n\tmovq %%rax, %[landing]\n\tmovq %%rsp, %[stack]\n\t"
                     "leaq -128(%%rsp), %%rsp\n\tpushq %%rax\n\tmovq %[scratch], %%rax\n\t"
                     "pushfq\n\torq %[trap], (%%rsp)\n\tpopfq\n\tjmp *%[p]\n"
                     "9:\tmovq %[stack], %%rsp\n\tmovq $0, %[landing]"
                     : [landing] "=m"(slot->landing), [stack] "=m"(slot->stack_pointer)
                     : [p] "c"(address), [scratch] "d"((uint64_t)&slot->scratch), [trap] "i"(TRAP_FLAG), "b"(slot)
                     : "rax", "cc", "memory");
}

void agent_step(struct slot *slot, long long *rip, long long *flags)
{
    if (slot->steps++ == 0) return;
    *rip = (long long)slot->landing;
    *flags &= ~TRAP_FLAG;
}
