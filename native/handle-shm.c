/*
 * Handlers of named shared memory: System V segments, and shm_open with its names.
 *
 * shm_open and shm_unlink are the C library's: what it checks and changes about a name is done here, the rest is
 * open and unlink of the process.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "proc.h"
#include "shm-room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>

/* ---- System V ---- */

enum outcome run_shmget(struct run *run)
{
    enum outcome outcome = run_plain(run);
    if (outcome == DONE && !failed(run)) shm_made((int)run->result);
    return outcome;
}

enum outcome run_shmat(struct run *run)
{
    enum outcome outcome = process_syscall(run->process, SYS_shmat, run->a, &run->result);
    uint64_t got = (uint64_t)run->result;
    if (outcome == DONE) print_mapping(run, got == run->a[1], failed(run) ? 0 : mapped_length(run->process, got));
    return outcome;
}

static void print_segment(const struct shmid_ds *about)
{
    printf(" {mode=0%o, key=0x%x, shm_segsz=%lu, shm_nattch=%lu}", about->shm_perm.mode,
           (unsigned)about->shm_perm.__key, (unsigned long)about->shm_segsz, (unsigned long)about->shm_nattch);
}

/* What the commands give back stands in the transfer buffer; IPC_SET takes the mode from there. */
enum outcome run_shmctl(struct run *run)
{
    struct shmid_ds *about = (struct shmid_ds *)TRANSFER;
    const struct shminfo *limits = (const struct shminfo *)TRANSFER;
    const struct shm_info *sums = (const struct shm_info *)TRANSFER;
    uint32_t command = (uint32_t)run->a[1];
    memset((void *)TRANSFER, 0, sizeof *about);
    about->shm_perm.mode = (unsigned short)run->a[2];
    enum outcome outcome = ask(run, SYS_shmctl, run->a[0], run->a[1], TRANSFER, 0);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    if (command == IPC_STAT || command == SHM_STAT || command == SHM_STAT_ANY) print_segment(about);
    if (command == IPC_INFO)
        printf(" {shmmax=%lu, shmmin=%lu, shmmni=%lu, shmseg=%lu, shmall=%lu}", limits->shmmax, limits->shmmin,
               limits->shmmni, limits->shmseg, limits->shmall);
    if (command == SHM_INFO)
        printf(" {used_ids=%d, shm_tot=%lu, shm_rss=%lu}", sums->used_ids, sums->shm_tot, sums->shm_rss);
    return DONE;
}

/* ---- shm_open ---- */

/* Where the name stands, in the transfer buffer behind it. 0, or what the C library refuses it with. */
static int place_name(const struct run *run, uint64_t *path)
{
    const char *name = (const char *)run->a[0], *directory = shm_directory();
    size_t length = strlen(name);
    while (*name == '/') name++, length--;
    if (length == 0 || strchr(name, '/')) return -EINVAL;
    if (length > NAME_MAX) return -ENAMETOOLONG;
    if (!directory) return -ENOSYS;
    *path = TRANSFER + MAX_TRANSFER / 2;
    snprintf((char *)*path, PATH_MAX, "%s/%s", directory, name);
    return 0;
}

enum outcome run_shm_open(struct run *run)
{
    uint64_t path, mode = run->statement->nr_args > 2 ? run->a[2] : 0600;
    run->result = place_name(run, &path);
    if (run->result == 0) {
        enum outcome outcome = ask(run, SYS_open, path, run->a[1] | O_NOFOLLOW | O_CLOEXEC, mode, 0);
        if (outcome != DONE) return outcome;
        if (run->result == -EISDIR) run->result = -EINVAL;
    }
    print_integer(run);
    return DONE;
}

enum outcome run_shm_unlink(struct run *run)
{
    uint64_t path;
    run->result = place_name(run, &path);
    if (run->result == -EINVAL) run->result = -ENOENT;
    if (run->result == 0) {
        enum outcome outcome = ask(run, SYS_unlink, path, 0, 0, 0);
        if (outcome != DONE) return outcome;
        if (run->result == -EPERM) run->result = -EACCES;
    }
    print_integer(run);
    return DONE;
}
