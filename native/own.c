/*
 * The driver's own memory in a scenario process: what agent_boot is to leave mapped, and what a scenario must not see.
 */
#include "process.h"

#include <stdio.h>

/* The read-only segments of this program: the mappings of the file that holds agent_enter. */
bool find_own_text(void)
{
    struct { unsigned long start, end, inode; char perms[5]; } seen[64];
    unsigned nr = 0;
    unsigned long inode = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    char row[4400];
    while (maps && nr < 64 && fgets(row, sizeof row, maps)) {
        if (sscanf(row, "%lx-%lx %4s %*x %*s %lu", &seen[nr].start, &seen[nr].end, seen[nr].perms, &seen[nr].inode) != 4) continue;
        if ((uint64_t)agent_enter >= seen[nr].start && (uint64_t)agent_enter < seen[nr].end) inode = seen[nr].inode;
        nr++;
    }
    if (maps) fclose(maps);
    for (unsigned i = 0; inode && i < nr && CONTROL->nr_keep < MAX_KEEP; i++)
        if (seen[i].inode == inode && seen[i].perms[1] != 'w')
            CONTROL->keep[CONTROL->nr_keep++] = (struct range){ seen[i].start, seen[i].end };
    return CONTROL->nr_keep > 0;
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
