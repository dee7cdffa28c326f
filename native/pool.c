/*
 * The system's pool of huge pages, as far as a scenario could take from it for good: mremap of a part of a private mapping
 * leaves what was reserved for the rest reserved for nobody, until the system is started anew (Linux 6.18).
 */
#define _GNU_SOURCE
#include "pool.h"

#include <stdio.h>
#include <string.h>

static bool overlaps_in_part(uint64_t start, uint64_t end, uint64_t address, uint64_t length)
{
    bool overlaps = start < address + length && address < end;
    return overlaps && (start < address || address + length < end);
}

bool parts_reserved(const struct process *process, uint64_t address, uint64_t length)
{
    char path[64], row[4400], perms[5] = "";
    uint64_t start = 0, end = 0;
    bool parts = false;
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)process->pid);
    FILE *smaps = fopen(path, "re");
    while (smaps && !parts && fgets(row, sizeof row, smaps)) {
        unsigned long first, last, size;
        if (sscanf(row, "%lx-%lx %4s", &first, &last, perms) == 3) {
            start = first;
            end = last;
        } else if (sscanf(row, "KernelPageSize: %lu kB", &size) == 1 && size * 1024 > PAGE_SIZE && strchr(perms, 'p')) {
            uint64_t bytes = size * 1024, whole = (length + bytes - 1) / bytes * bytes;
            parts = overlaps_in_part(start, end, address, whole);
        }
    }
    if (smaps) fclose(smaps);
    return parts;
}
