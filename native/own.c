/*
 * The driver's own memory in a scenario process: the copy of the program that it runs, and what a scenario must not see.
 *
 * The copy stands with the control region above all that the kernel places, so that nothing of the driver's is a
 * neighbour: neither when memory grows down nor when a place is looked for.
 */
#define _GNU_SOURCE
#include "process.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#if !defined __PIE__ && !defined __pie__
#error "the driver runs a copy of itself at another address: compile it with -fPIE -pie"
#endif

#define MAX_SEGMENTS 64

/* The segments of this program: the mappings of the file that holds agent_enter. Gives how many. */
static unsigned find_segments(struct range segments[MAX_SEGMENTS])
{
    struct { unsigned long start, end, inode; } seen[MAX_SEGMENTS];
    unsigned nr = 0, found = 0;
    unsigned long inode = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    char row[4400];
    while (maps && nr < MAX_SEGMENTS && fgets(row, sizeof row, maps)) {
        if (sscanf(row, "%lx-%lx r%*s %*x %*s %lu", &seen[nr].start, &seen[nr].end, &seen[nr].inode) != 3) continue;
        if ((uint64_t)agent_enter >= seen[nr].start && (uint64_t)agent_enter < seen[nr].end) inode = seen[nr].inode;
        nr++;
    }
    if (maps) fclose(maps);
    for (unsigned i = 0; inode && i < nr; i++)
        if (seen[i].inode == inode) segments[found++] = (struct range){ seen[i].start, seen[i].end };
    return found;
}

/* Shared, so that a fork copies nothing of it and no private mapping beside it merges; as far apart as the segments are. */
bool copy_program(void)
{
    struct range segments[MAX_SEGMENTS], *copy = &CONTROL->program;
    unsigned nr = find_segments(segments);
    if (nr == 0) return false;
    uint64_t length = segments[nr - 1].end - segments[0].start;
    *copy = (struct range){ CONTROL_BASE - length, CONTROL_BASE };
    CONTROL->shift = copy->start - segments[0].start;
    void *at = mmap((void *)copy->start, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != (void *)copy->start) return false;
    for (unsigned i = 0; i < nr; i++)
        memcpy((void *)(segments[i].start + CONTROL->shift), (void *)segments[i].start, segments[i].end - segments[i].start);
    return mprotect(at, length, PROT_READ | PROT_EXEC) == 0;
}

bool own_overlaps(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < CONTROL->nr_own; i++)
        if (start < CONTROL->own[i].end && CONTROL->own[i].start < end) return true;
    return false;
}

uint64_t own_pages(void)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < CONTROL->nr_own; i++) bytes += CONTROL->own[i].end - CONTROL->own[i].start;
    return bytes / PAGE_SIZE;
}
