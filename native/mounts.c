/*
 * The mounts of a scenario (mounts.h): directories bound onto themselves in a mount namespace of the driver's own, which its
 * processes share. The system sees none of them.
 *
 * They lie beside the scenario's directory, on the same file system; a path /NAME/... of a statement is replaced by the place
 * where that is. A symbolic link that leads to /NAME is not followed: calls through it are refused.
 */
#define _GNU_SOURCE
#include "mounts.h"
#include "calls.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MOUNTS 8
#define PATH_ROOM 4096
#define PATHS_AT (TRANSFER + MAX_TRANSFER / 2)  /* behind the strings of any call that takes paths */

static char base[PATH_ROOM];               /* "" while there are none */
static char roots[MAX_MOUNTS][PATH_ROOM];
static char names[MAX_MOUNTS][MAX_NAME + 1];
static int nr_mounts;

void mounts_begin(const struct scenario *scenario, const char *cwd)
{
    base[0] = '\0';
    nr_mounts = 0;
    if (!scenario->mounts) return;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        fprintf(stderr, "driver: %s: no right to mount (%s): what %% mount names is refused; run the driver as root\n", scenario->file, strerror(errno));
        return;
    }
    snprintf(base, sizeof base, "%.*s/mounts-XXXXXX", (int)(strrchr(cwd, '/') - cwd), cwd);
    if (!mkdtemp(base) || chmod(base, 0755) != 0) base[0] = '\0';
}

static int find(const char *name, size_t length)
{
    for (int i = 0; i < nr_mounts; i++)
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) return i;
    return -1;
}

static int add(const char *name)
{
    if (nr_mounts == MAX_MOUNTS) return -1;
    char *root = roots[nr_mounts];
    if (snprintf(root, PATH_ROOM, "%s/%s", base, name) >= PATH_ROOM) return -1;
    if (mkdir(root, 0755) != 0 || chmod(root, 0755) != 0 || mount(root, root, NULL, MS_BIND, NULL) != 0) return -1;
    strcpy(names[nr_mounts], name);
    return nr_mounts++;
}

void mounts_make(const struct statement *statement)
{
    if (!base[0]) return;
    int index = find(statement->mount, strlen(statement->mount));
    if (index < 0) index = add(statement->mount);
    unsigned long flags = (statement->read_only ? MS_RDONLY : 0) | (statement->noexec ? MS_NOEXEC : 0);
    if (index < 0 || (mount(NULL, roots[index], NULL, MS_REMOUNT | MS_BIND | MS_RELATIME | flags, NULL) != 0 && errno != EBUSY))
        fprintf(stderr, "driver: line %d: cannot mount /%s: %s\n", statement->line, statement->mount, strerror(errno));
}

static bool takes_paths(const struct call *call)
{
    return call->harmful == harms_path || call->harmful == harms_open || call->harmful == harms_symlink || call->harmful == harms_exec;
}

void mounts_translate(struct run *run)
{
    const struct statement *statement = run->statement;
    if (nr_mounts == 0 || !takes_paths(statement->call)) return;
    for (int i = 0; i < statement->nr_args; i++) {
        if (!statement->args[i].pieces) continue;
        const char *path = (const char *)run->a[i], *name = path + strspn(path, "/");
        size_t length = strcspn(name, "/");
        int index = *path == '/' ? find(name, length) : -1;
        char *place = (char *)PATHS_AT + i * PATH_ROOM;
        if (index >= 0 && snprintf(place, PATH_ROOM, "%s%s", roots[index], name + length) < PATH_ROOM) run->a[i] = (uint64_t)place;
    }
}

const char *mounts_rest(const char *path, const char **root)
{
    for (int i = 0; i < nr_mounts; i++) {
        size_t length = strlen(roots[i]);
        if (strncmp(path, roots[i], length) != 0 || (path[length] && path[length] != '/')) continue;
        *root = roots[i];
        return path + length;
    }
    return NULL;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

bool mounts_finish(void)
{
    bool clean = true;
    while (nr_mounts > 0)
        if (umount2(roots[--nr_mounts], MNT_DETACH) != 0) clean = false;
    if (base[0] && nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) clean = false;
    if (!clean) fprintf(stderr, "driver: mounts of the scenario are left behind in %s\n", base);
    base[0] = '\0';
    return clean;
}
