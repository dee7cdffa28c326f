/*
 * Printing: addresses, bytes, maps and smaps. The rules are those of the scenario language's README,
 * "The output"; what they leave open is decided in README.md here.
 */
#define _GNU_SOURCE
#include "print.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN_BELOW 0x10000ul
#define NEAR_BYTES (1ul << 30)
#define RUN_LENGTH 16
#define VSYSCALL 0xffffffffff600000ul

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
    if (start >= ARENA_BASE && start < ARENA_BASE + ARENA_SIZE) return;
    struct region *region = calloc(1, sizeof *region);
    if (!region) abort();
    region->made_before = made;
    region->older = process->regions;
    region->start = start;
    region->end = start + ((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
    if (name) snprintf(region->name, sizeof region->name, "%s", name);
    else snprintf(region->name, sizeof region->name, "@%d", line);
    made = region;
    process->regions = region;
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
    consider(&best, &least, distance(address, ARENA_BASE, ARENA_BASE + ARENA_SIZE), "A", ARENA_BASE);
    consider(&best, &least, distance(address, heap, process->highest_break + 1), "BRK", heap);
    for (const struct region *r = process->regions; r; r = r->older)
        consider(&best, &least, distance(address, r->start, r->end), r->name, r->start);
    return best;
}

static void print_relative(struct base base, uint64_t address)
{
    bool with_zero = base.address == ARENA_BASE || base.address == CONTROL->heap;
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

/* ---- maps and smaps ---- */

struct vma { uint64_t start, end; const char *perms, *offset, *path; };

/* The whole of /proc/PID/`file`, to be freed; NULL when it cannot be read. */
static char *read_proc(const struct process *process, const char *file)
{
    char path[64];
    size_t room = 16384, length = 0;
    char *text = malloc(room);
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process->pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && text) {
        ssize_t got = read(fd, text + length, room - length - 1);
        if (got <= 0) break;
        length += (size_t)got;
        if (room - length < 8192) text = realloc(text, room *= 2);
    }
    if (!text) abort();
    text[length] = '\0';
    if (fd >= 0) close(fd);
    if (length > 0) return text;
    free(text);
    return NULL;
}

/* Splits a line like `start-end perms offset dev inode path`, which it changes. False: not such a line. */
static bool split_row(char *row, struct vma *vma)
{
    char *at, *fields[4];
    vma->start = strtoul(row, &at, 16);
    if (at == row || *at != '-') return false;
    vma->end = strtoul(at + 1, &at, 16);
    for (int i = 0; i < 4; i++) {
        if (*at != ' ') return false;
        *at++ = '\0';
        fields[i] = at;
        while (*at && *at != ' ') at++;
    }
    while (*at == ' ') *at++ = '\0';
    vma->perms = fields[0];
    vma->offset = fields[1];
    vma->path = at;
    return true;
}

/* The next VMA of the text at `*cursor`, lines of another shape skipped. */
static bool next_vma(char **cursor, struct vma *vma)
{
    while (*cursor && **cursor) {
        char *row = *cursor, *end = strchr(row, '\n');
        *cursor = end ? end + 1 : NULL;
        if (end) *end = '\0';
        if (split_row(row, vma)) return true;
    }
    return false;
}

static bool is_own(const struct vma *vma)
{
    return vma->start == VSYSCALL || own_overlaps(vma->start, vma->end);
}

/* Files by their base name; kernel objects as the kernel calls them. */
static const char *shown_path(const char *path)
{
    static const char *const whole[] = { "/memfd:", "/dev/zero (deleted)", "/SYSV", "[", "anon_inode:" };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strncmp(path, whole[i], strlen(whole[i])) == 0) return path;
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_vma(const struct process *process, const struct vma *vma)
{
    struct base base = base_of(process, vma->start);
    fputs("\n  ", stdout);
    print_relative(base, vma->start);
    putchar('-');
    print_relative(base, vma->end);
    printf(" %s %s", vma->perms, vma->offset);
    if (*vma->path) printf(" %s", shown_path(vma->path));
}

long print_maps(const struct process *process)
{
    struct vma vma, *shown = NULL;
    size_t nr = 0, room = 0;
    char *text = read_proc(process, "maps"), *cursor = text;
    if (!text) return -1;
    while (next_vma(&cursor, &vma)) {
        if (is_own(&vma)) continue;
        if (nr == room && !(shown = realloc(shown, (room = room ? 2 * room : 64) * sizeof vma))) abort();
        shown[nr++] = vma;
    }
    printf("%zu", nr);
    for (size_t i = 0; i < nr; i++) print_vma(process, &shown[i]);
    free(shown);
    free(text);
    return (long)nr;
}

/* The first line `name` after the VMA's own line: Size comes first, so each wanted one follows a newline. */
static long smaps_field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? atol(at + strlen(name)) : 0;
}

void print_smaps(const struct process *process, uint64_t address)
{
    static const char *const fields[] = { "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean",
                                          "Private_Dirty", "Anonymous", "Swap", "Locked" };
    struct vma vma = { 0, 0, "", "", "" };
    char name[32], *text = read_proc(process, "smaps"), *cursor = text;
    bool found = false;
    while (text && !found && next_vma(&cursor, &vma)) found = address >= vma.start && address < vma.end;
    if (!found || is_own(&vma)) fputs("unmapped", stdout);
    for (size_t i = 0; cursor && found && !is_own(&vma) && i < sizeof fields / sizeof *fields; i++) {
        snprintf(name, sizeof name, "\n%s:", fields[i]);
        printf("%s%s=%ld", i ? " " : "", fields[i], smaps_field(cursor, name));
    }
    free(text);
}

bool leads_to_own(const struct process *process, uint64_t start, uint64_t end)
{
    struct vma vma;
    char *text = read_proc(process, "maps"), *cursor = text;
    uint64_t at = start;
    bool own = false;
    while (!own && at < end && next_vma(&cursor, &vma)) {
        if (vma.end <= at) continue;
        if (vma.start > at) break;
        own = is_own(&vma);
        at = vma.end;
    }
    free(text);
    return own;
}
