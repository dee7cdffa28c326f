/*
 * /proc as the controller reads it: maps, smaps, pagemap and status of a scenario process, the driver's own left out.
 *
 * Own mappings are passed over; of sums over the whole process (status) their share is taken off, counted from the
 * same smaps. What is left is what a process with the scenario's mappings alone would show.
 */
#define _GNU_SOURCE
#include "proc.h"
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VSYSCALL 0xffffffffff600000ul

/* ---- reading ---- */

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
    static const char *const of_exec[] = { "[stack]", "[vdso]", "[vvar" };
    for (size_t i = 0; i < sizeof of_exec / sizeof *of_exec; i++)
        if (strncmp(vma->path, of_exec[i], strlen(of_exec[i])) == 0) return true;
    return vma->start == VSYSCALL || own_overlaps(vma->start, vma->end);
}

/* The first line `name` behind a VMA's own line: Size comes first, so each wanted one follows a newline. */
static long smaps_field(const char *text, const char *name)
{
    char line[32];
    snprintf(line, sizeof line, "\n%s:", name);
    const char *at = strstr(text, line);
    return at ? atol(at + strlen(line)) : 0;
}

/* Goes to the VMA at `address` in the text of smaps; its fields then begin at `*cursor`. False: none of the scenario's. */
static bool find_vma(char **cursor, uint64_t address)
{
    struct vma vma;
    while (next_vma(cursor, &vma))
        if (address < vma.end) return address >= vma.start && !is_own(&vma);
    return false;
}

/* ---- maps, smaps, VmFlags ---- */

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
    fputs("\n  ", stdout);
    print_range(process, vma->start, vma->end);
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

void print_smaps(const struct process *process, uint64_t address)
{
    static const char *const fields[] = { "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean",
                                          "Private_Dirty", "Anonymous", "Swap", "Locked" };
    char *text = read_proc(process, "smaps"), *cursor = text;
    if (!find_vma(&cursor, address) || !cursor) fputs("unmapped", stdout);
    else for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        printf("%s%s=%ld", i ? " " : "", fields[i], smaps_field(cursor, fields[i]));
    free(text);
}

void print_vm_flags(const struct process *process, uint64_t address)
{
    char *text = read_proc(process, "smaps"), *cursor = text;
    char *at = find_vma(&cursor, address) && cursor ? strstr(cursor, "\nVmFlags:") : NULL;
    bool first = true;
    if (!at) fputs("unmapped", stdout);
    else at[strcspn(at + 1, "\n") + 1] = '\0';
    for (char *word = at ? strtok(at + strlen("\nVmFlags:"), " ") : NULL; word; word = strtok(NULL, " ")) {
        if (strcmp(word, "sd") == 0) continue;                 /* soft-dirty: not every kernel is built with it */
        printf("%s%s", first ? "" : " ", word);
        first = false;
    }
    free(text);
}

/* ---- pagemap ---- */

#define PM_EXCLUSIVE (1ul << 56)
#define PM_GUARD (1ul << 58)
#define PM_FILE (1ul << 61)
#define PM_SWAP (1ul << 62)
#define PM_PRESENT (1ul << 63)

static char page_letter(uint64_t entry)
{
    if (entry & PM_GUARD) return 'g';
    if (entry & PM_PRESENT) return entry & PM_FILE ? (entry & PM_EXCLUSIVE ? 'F' : 'f') : (entry & PM_EXCLUSIVE ? 'P' : 'p');
    return entry & PM_SWAP ? 's' : '.';
}

long print_pagemap(const struct process *process, uint64_t address, uint64_t length)
{
    static uint64_t entries[512];
    char path[64];
    uint64_t page = address / PAGE_SIZE, end = page + (address % PAGE_SIZE + length + PAGE_SIZE - 1) / PAGE_SIZE;
    char *letters = calloc(end - page + 1, 1);
    size_t nr = 0;
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)process->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && letters && page < end) {
        size_t wanted = end - page < 512 ? end - page : 512;
        ssize_t got = pread(fd, entries, wanted * 8, (off_t)(page * 8));
        if (got < 8) break;
        for (ssize_t i = 0; i < got / 8; i++, page++)
            letters[nr++] = own_overlaps(page * PAGE_SIZE, (page + 1) * PAGE_SIZE) ? '.' : page_letter(entries[i]);
    }
    if (!letters) abort();
    printf("%zu [%s]", nr, letters);
    if (fd >= 0) close(fd);
    free(letters);
    return (long)nr;
}

/* ---- status ---- */

enum field { SIZE, LOCKED, RSS, RSS_ANON, RSS_FILE, RSS_SHMEM, DATA, STACK, LIBRARY, NR_FIELDS };

static const char *const status_names[NR_FIELDS] = { "VmSize", "VmLck", "VmRSS", "RssAnon", "RssFile", "RssShmem",
                                                     "VmData", "VmStk", "VmLib" };

/* Takes the share of the driver's mapping off; its smaps fields begin at `text`. */
static void take_off(long values[NR_FIELDS], const struct vma *vma, const char *text)
{
    long rss = smaps_field(text, "Rss"), anonymous = smaps_field(text, "Anonymous"), size = (long)((vma->end - vma->start) / 1024);
    bool shared = vma->perms[3] == 's', writable = vma->perms[1] == 'w', executable = vma->perms[2] == 'x';
    values[SIZE] -= size;
    values[RSS] -= rss;
    values[RSS_ANON] -= anonymous;
    values[shared ? RSS_SHMEM : RSS_FILE] -= rss - anonymous;
    if (writable && !shared) values[DATA] -= size;
    if (executable && !writable) values[LIBRARY] -= size;
}

/* In KiB. Executable pages all count as libraries: the program whose text the kernel would tell apart is the driver's. */
static bool read_status(const struct process *process, long values[NR_FIELDS])
{
    char *status = read_proc(process, "status"), *smaps = read_proc(process, "smaps"), *cursor = smaps;
    struct vma vma;
    for (int i = 0; status && i < NR_FIELDS; i++) values[i] = smaps_field(status, status_names[i]);
    if (status) values[LIBRARY] += smaps_field(status, "VmExe");
    while (status && next_vma(&cursor, &vma))
        if (own_overlaps(vma.start, vma.end) && cursor) take_off(values, &vma, cursor);
    free(status);
    free(smaps);
    return status && smaps;
}

bool print_status(const struct process *process)
{
    long values[NR_FIELDS];
    if (!read_status(process, values)) return false;
    for (int i = 0; i < NR_FIELDS; i++) printf("%s%s=%ld", i ? " " : "", status_names[i], values[i]);
    return true;
}

bool status_field(const struct process *process, const char *name, long *value)
{
    long values[NR_FIELDS];
    int i = 0;
    while (i < NR_FIELDS && strcmp(status_names[i], name) != 0) i++;
    if (i == NR_FIELDS || !read_status(process, values)) return false;
    *value = values[i];
    return true;
}

/* ---- whose memory it is ---- */

uint64_t first_hole(const struct process *process, uint64_t start, uint64_t end)
{
    struct vma vma;
    char *text = read_proc(process, "maps"), *cursor = text;
    uint64_t at = start;
    while (at < end && next_vma(&cursor, &vma)) {
        if (vma.end <= at) continue;
        if (vma.start > at) break;
        at = vma.end;
    }
    free(text);
    return at < end ? at : end;
}

uint64_t mapped_length(const struct process *process, uint64_t start)
{
    struct vma vma;
    char *text = read_proc(process, "maps"), *cursor = text;
    uint64_t length = 0;
    while (length == 0 && next_vma(&cursor, &vma))
        if (vma.start == start) length = vma.end - start;
    free(text);
    return length;
}

/* ---- how a process stands ---- */

/* The first bytes of /proc/PID/`file`, ended by NUL; false when it cannot be read. */
static bool read_short(pid_t pid, const char *file, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, room - 1) : 0;
    if (fd >= 0) close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The last field of its stat. */
int death_signal(pid_t pid)
{
    char text[1024];
    const char *last = read_short(pid, "stat", text, sizeof text) ? strrchr(text, ' ') : NULL;
    return last ? atoi(last + 1) & 0x7f : 0;
}

/* R, S, D, ...; 'X' when it is gone. */
static char state_of(const struct process *process)
{
    char text[1024];
    const char *name_end = read_short(process->pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    return name_end ? name_end[2] : 'X';
}

bool thread_ended(const struct process *process)
{
    char state = state_of(process);
    return state == 'Z' || state == 'X';
}

/* "running" has no number. */
static bool sleeps_in(const struct process *process, long nr, uint64_t argument)
{
    char text[256];
    long found;
    uint64_t first;
    if (!read_short(process->pid, "syscall", text, sizeof text)) return false;
    return sscanf(text, "%ld 0x%lx", &found, &first) == 2 && found == nr && first == argument;
}

/* Who waits for a disk, or for memory, cannot be interrupted (D). */
bool waits_in(const struct process *process, long nr, uint64_t argument)
{
    return state_of(process) == 'S' && sleeps_in(process, nr, argument);
}

bool waits_in_vfork(const struct process *process)
{
    char text[256];
    return read_short(process->pid, "syscall", text, sizeof text) && text[0] != 'r' && atol(text) == SYS_clone;
}

bool sleeps_in_pause(pid_t pid)
{
    char text[256];
    return read_short(pid, "syscall", text, sizeof text) && atol(text) == SYS_pause && text[0] == '3';
}

/* Only an owner may ask for O_NOATIME. */
int open_unnoticed(const char *path)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    int fd = open(path, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}
