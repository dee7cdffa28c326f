/*
 * execve: the scenario's process becomes another program, which the driver lets run only if it knows that it sleeps for
 * ever, or that its first instruction kills it.
 *
 * The old program's death is marked by the kernel in the robust futex, as on exit; whether the process is a new program
 * or dead shows a moment later.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "proc.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_SEGMENTS 64

/* mov $34, %eax; syscall (pause); and again */
static const uint8_t sleeper[] = { 0xb8, 0x22, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xeb, 0xf7 };

static int open_program(const struct run *run)
{
    char path[4200];
    if (snprintf(path, sizeof path, "/proc/%d/cwd/%s", (int)run->process->pid, (const char *)run->a[0]) >= (int)sizeof path) return -1;
    /* What may not be executed is refused before anything of it is read: then neither may the reading here bring it into the cache. */
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0) return -1;
    return open_unnoticed(path);
}

static bool is_covered(const Elf64_Phdr *segment, uint64_t address)
{
    uint64_t start = segment->p_vaddr & ~(PAGE_SIZE - 1);
    uint64_t end = (segment->p_vaddr + segment->p_memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return segment->p_type == PT_LOAD && address + sizeof sleeper > start && address < end;
}

/* Whether the code at the entry sleeps for ever, is zeros, or is not there. */
static bool begins_harmlessly(int fd, const Elf64_Ehdr *header, const Elf64_Phdr *segments)
{
    const Elf64_Phdr *holder = NULL;
    uint8_t code[sizeof sleeper] = { 0 };
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_INTERP) return false;
        if (!is_covered(&segments[i], header->e_entry)) continue;
        if (holder) return false;
        holder = &segments[i];
    }
    if (!holder) return true;
    uint64_t into = header->e_entry - holder->p_vaddr;
    if (header->e_entry < holder->p_vaddr || into + sizeof sleeper > holder->p_filesz) return holder->p_filesz == 0;
    if (pread(fd, code, sizeof code, (off_t)(holder->p_offset + into)) < 0) return false;
    return memcmp(code, sleeper, sizeof code) == 0 || (code[0] == 0 && code[1] == 0);
}

/* A script would run its interpreter; what is neither that nor ELF the kernel refuses. */
static bool is_harmless(int fd)
{
    Elf64_Ehdr header = { 0 };
    Elf64_Phdr segments[MAX_SEGMENTS];
    if (pread(fd, &header, sizeof header, 0) < 2) return true;
    if (header.e_ident[0] == '#' && header.e_ident[1] == '!') return false;
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return true;
    if (header.e_machine != EM_X86_64) return header.e_machine != EM_386;
    if (header.e_type != ET_EXEC) return header.e_type != ET_DYN;
    if (header.e_phentsize != sizeof *segments || header.e_phnum == 0) return true;
    ssize_t size = header.e_phnum * (ssize_t)sizeof *segments;
    if (header.e_phnum > MAX_SEGMENTS) return false;
    return pread(fd, segments, (size_t)size, (off_t)header.e_phoff) != size || begins_harmlessly(fd, &header, segments);
}

bool harms_exec(struct run *run)
{
    if (harms_path(run)) return true;
    int fd = open_program(run);
    bool harmless = fd < 0 || is_harmless(fd);
    if (fd >= 0) close(fd);
    return !harmless;
}

/* The arguments are the path alone, the environment is empty. */
enum outcome run_exec(struct run *run)
{
    uint64_t *list = (uint64_t *)(TRANSFER + MAX_TRANSFER - 64);
    memcpy(list, (uint64_t[3]){ run->a[0], 0, 0 }, 3 * sizeof *list);
    uint64_t args[6] = { run->a[0], (uint64_t)list, (uint64_t)(list + 2) };
    enum outcome outcome = process_exec(run->process, args, &run->result);
    if (outcome == DONE) print_failure(run);
    if (outcome != EXECUTING) return outcome;
    fputs(" = ?", stdout);
    return DONE;
}

/* SIGKILL to a process, or to the caller's own. */
enum outcome run_kill(struct run *run)
{
    struct process *target = run->statement->args[0].expr.steps[0].symbol->process;
    enum outcome outcome = ask(run, SYS_kill, (uint64_t)target->pid, run->a[1], 0, 0);
    if (outcome != DONE) return outcome;
    if (run->result == 0 && (int)run->a[1] == SIGKILL) process_killed(target);
    print_integer(run);
    return DONE;
}
