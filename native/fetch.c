/*
 * fetch8: the process really runs the instruction at an address, so the driver must know beforehand what stands there.
 *
 * Where the kernel will refuse the fetch (nothing mapped, or not executable) nothing needs to be known. Otherwise the
 * bytes are taken from the page if it is present, from the file if it is not, and are zeros in anonymous memory: none
 * of that touches the process's page table. Harmless are a return (0xc3) and two zero bytes; all else is refused.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETURN 0xc3
#define PAGE_PRESENT (1ul << 63)
#define PAGE_SWAPPED (1ul << 62)
#define PAGE_GUARD (1ul << 58)
#define VSYSCALL 0xffffffffff600000ul

struct place { uint64_t start, end, offset, inode; bool executable; };

static int open_proc(const struct process *process, const char *file)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process->pid, file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* The mapping that holds `address`. */
static bool find_place(const struct process *process, uint64_t address, struct place *place)
{
    char row[4400], perms[5];
    int fd = open_proc(process, "maps");
    FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
    bool found = false;
    while (maps && !found && fgets(row, sizeof row, maps)) {
        if (sscanf(row, "%lx-%lx %4s %lx %*s %lu", &place->start, &place->end, perms, &place->offset, &place->inode) != 5) continue;
        found = address >= place->start && address < place->end;
        place->executable = perms[2] == 'x';
    }
    if (maps) fclose(maps);
    return found;
}

static ssize_t read_at(int fd, void *to, size_t length, uint64_t offset)
{
    ssize_t got = fd < 0 ? -1 : pread(fd, to, length, (off_t)offset);
    if (fd >= 0) close(fd);
    return got;
}

/* The first bytes of a page of a file that is not in the page table; what lies behind the end is zeros. */
static bool read_file(const struct process *process, const struct place *place, uint64_t address, uint8_t code[2])
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", (int)process->pid, place->start, place->end);
    return read_at(open_unnoticed(path), code, 2, place->offset + (address - place->start)) >= 0;
}

/* What stands at an address that can be executed; false when it cannot be told. */
static bool known_code(const struct process *process, const struct place *place, uint64_t address, uint8_t code[2])
{
    uint64_t entry = 0;
    size_t length = address % PAGE_SIZE == PAGE_SIZE - 1 ? 1 : 2;
    memset(code, 0, 2);
    if (read_at(open_proc(process, "pagemap"), &entry, sizeof entry, address / PAGE_SIZE * sizeof entry) != sizeof entry) return false;
    if (entry & PAGE_PRESENT) return read_at(open_proc(process, "mem"), code, length, address) == (ssize_t)length;
    if ((entry & PAGE_SWAPPED) && !(entry & PAGE_GUARD)) return false;
    return place->inode == 0 || read_file(process, place, address, code);
}

bool harms_fetch(struct run *run)
{
    uint64_t address = run->a[0];
    struct place place;
    uint8_t code[2];
    if (own_overlaps(address & ~(PAGE_SIZE - 1), (address | (PAGE_SIZE - 1)) + 1)) return true;
    if ((address & ~(PAGE_SIZE - 1)) == VSYSCALL) return true;
    if (!find_place(run->process, address, &place) || !place.executable) return false;
    if (!known_code(run->process, &place, address, code)) return true;
    bool adds = code[0] == 0 && code[1] == 0 && address % PAGE_SIZE != PAGE_SIZE - 1;
    return !(code[0] == RETURN || adds);
}

/* The byte is read after the fact, when its page is present. */
enum outcome run_fetch(struct run *run)
{
    uint8_t byte = 0;
    enum outcome outcome = process_command(run->process, OP_FETCH, run->a);
    if (outcome != DONE || took_signal(run)) return outcome;
    read_at(open_proc(run->process, "mem"), &byte, 1, run->a[0]);
    bind(run, byte);
    printf(" = 0x%x", byte);
    return DONE;
}
