/*
 * The room for a scenario's named shared memory (shm-room.h).
 *
 * A new IPC namespace for each scenario also numbers segments from 0, so that identifiers are the same each time.
 * Without the right to make one, what shmget(IPC_PRIVATE) made is removed by hand.
 */
#define _GNU_SOURCE
#include "shm-room.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>

#define MAX_MADE 4096

static bool private;
static int made[MAX_MADE];
static unsigned nr_made;
static char directory[] = "/dev/shm/faultline-XXXXXX";
static bool has_directory;

void shm_room_begin(void)
{
    private = unshare(CLONE_NEWIPC) == 0;
    nr_made = 0;
}

bool shm_is_private(void)
{
    return private;
}

void shm_made(int id)
{
    if (!private && nr_made < MAX_MADE) made[nr_made++] = id;
}

bool shm_was_made(int id)
{
    for (unsigned i = 0; i < nr_made; i++)
        if (made[i] == id) return true;
    return false;
}

const char *shm_directory(void)
{
    if (has_directory) return directory;
    memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
    has_directory = mkdtemp(directory) != NULL;
    return has_directory ? directory : NULL;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

/* The kernel empties a namespace that nobody is in any more some time later; the next scenario is to find their huge pages free. */
static void remove_all(void)
{
    struct shm_info info;
    struct shmid_ds about;
    int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);
    for (int index = 0; index <= highest; index++) {
        int id = shmctl(index, SHM_STAT, &about);
        if (id >= 0) shmctl(id, IPC_RMID, NULL);
    }
}

bool shm_room_finish(void)
{
    bool clean = true;
    if (private) remove_all();
    while (nr_made > 0)
        if (shmctl(made[--nr_made], IPC_RMID, NULL) != 0 && errno != EINVAL && errno != EIDRM) clean = false;
    if (has_directory && nftw(directory, remove_entry, 4, FTW_DEPTH | FTW_PHYS) != 0) clean = false;
    has_directory = false;
    if (!clean) fprintf(stderr, "driver: shared memory of the scenario is left behind\n");
    return clean;
}
