/*
 * Printing: addresses and bytes. The rules are those of the scenario language's README, "The output"; what they leave
 * open is decided in README.md here.
 */
#include "names.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_BELOW 0x10000ul
#define NEAR_BYTES (1ul << 30)
#define RUN_LENGTH 16

static struct region *made;                /* all regions of the scenario */

/* ---- regions and addresses ---- */

void print_reset(void)
{
    while (made) {
        struct region *next = made->made_before;
        free(made);
        made = next;
    }
}

void region_add(struct process *process, uint64_t start, uint64_t length, const char *name, int line)
{
    if (start >= arena_base && start < arena_base + arena_size) return;
    struct region *region = calloc(1, sizeof *region);
    if (!region) abort();
    region->made_before = made;
    region->older = process->space->regions;
    region->start = start;
    region->end = start + ((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
    if (name) snprintf(region->name, sizeof region->name, "%s", name);
    else snprintf(region->name, sizeof region->name, "@%d", line);
    made = region;
    process->space->regions = region;
}

/* How far `address` lies outside [start, end): 0 within it, 1 right behind it. */
static uint64_t distance(uint64_t address, uint64_t start, uint64_t end)
{
    if (address < start) return start - address;
    return address < end ? 0 : address - end + 1;
}

struct base { const char *name; uint64_t address; };   /* name NULL: print plain numbers */

static void consider(struct base *best, uint64_t *least, uint64_t away, const char *name, uint64_t address)
{
    if (away >= *least) return;
    *least = away;
    *best = (struct base){ name, address };
}

/* What `address` is printed relative to: what holds it, else the nearest. Among equals the first considered wins. */
static struct base base_of(const struct process *process, uint64_t address)
{
    struct base best = { NULL, 0 };
    uint64_t least = NEAR_BYTES + 1, heap = CONTROL->heap;
    if (address < PLAIN_BELOW || address >= TASK_SIZE) return best;
    consider(&best, &least, distance(address, arena_base, arena_base + arena_size), "A", arena_base);
    consider(&best, &least, distance(address, heap, process->space->highest_break + 1), "BRK", heap);
    for (const struct region *r = process->space->regions; r; r = r->older)
        consider(&best, &least, distance(address, r->start, r->end), r->name, r->start);
    return best;
}

static void print_relative(struct base base, uint64_t address)
{
    bool with_zero = base.address == arena_base || base.address == CONTROL->heap;
    if (!base.name) {
        if (address) printf("0x%lx", address);
        else fputs("NULL", stdout);
        return;
    }
    fputs(base.name, stdout);
    if (address < base.address) printf("-0x%lx", base.address - address);
    else if (address > base.address || with_zero) printf("+0x%lx", address - base.address);
}

void print_address(const struct process *process, uint64_t address)
{
    print_relative(base_of(process, address), address);
}

void print_range(const struct process *process, uint64_t start, uint64_t end)
{
    struct base base = base_of(process, start);
    print_relative(base, start);
    putchar('-');
    print_relative(base, end);
}

/* ---- bytes ---- */

static void print_byte(uint8_t byte)
{
    if (byte == '"' || byte == '\\') printf("\\%c", byte);
    else if (byte >= 0x20 && byte < 0x7f) putchar(byte);
    else printf("\\x%02x", byte);
}

static size_t run_at(const uint8_t *bytes, size_t length)
{
    size_t run = 1;
    while (run < length && bytes[run] == bytes[0]) run++;
    return run;
}

void print_bytes(const uint8_t *bytes, size_t length)
{
    enum { NOTHING, PLAIN, REPEATED } last = NOTHING;
    for (size_t i = 0; i < length;) {
        size_t run = run_at(bytes + i, length - i);
        if (run >= RUN_LENGTH) {
            fputs(last == PLAIN ? "\"+\"" : last == REPEATED ? "+\"" : "\"", stdout);
            print_byte(bytes[i]);
            printf("\"*%zu", run);
            last = REPEATED;
        } else {
            if (last != PLAIN) fputs(last == REPEATED ? "+\"" : "\"", stdout);
            for (size_t k = 0; k < run; k++) print_byte(bytes[i]);
            last = PLAIN;
        }
        i += run;
    }
    if (last == PLAIN) putchar('"');
    if (last == NOTHING) fputs("\"\"", stdout);
}
