/*
 * Paths that the driver will not use, so that nothing outside the scenario's directory is touched: answered `= refused`.
 *
 * A path is followed here as the kernel will follow it, symbolic links one by one. The scenario's processes stand still
 * meanwhile, so what was found holds for the call.
 */
#include "calls.h"
#include "mounts.h"
#include "run.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PATH_ROOM 4097
#define MAX_LINKS 40                       /* that the kernel follows in one path */

/* Devices that do nothing to the machine, and files that tell about it and are only read. */
bool harms_open(struct run *run)
{
    static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };
    const char *path = (const char *)run->a[0];
    uint64_t flags = run->a[1];
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (strcmp(path, devices[i]) == 0) return false;
    if (strcmp(path, "/dev/ptmx") == 0) return !(flags & O_NONBLOCK) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    if (strcmp(path, "/proc/uptime") == 0) return (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY;
    return harms_path(run);
}

/* Where a path has come to, from the scenario's directory or a mount on, and what of it is left. */
struct walk { const char *root; char at[PATH_ROOM], rest[PATH_ROOM]; int depth, links; bool outside; };

static void step_up(struct walk *walk)
{
    char *slash = strrchr(walk->at, '/');
    if (slash) *slash = '\0';
    walk->depth--;
}

/* Goes on with the target of the link that `at` has come to, if it is one. */
static void follow_link(struct walk *walk)
{
    char path[2 * PATH_ROOM], target[2 * PATH_ROOM];
    snprintf(path, sizeof path, "%s%s", walk->root, walk->at);
    ssize_t length = readlink(path, target, PATH_ROOM - 1);
    if (length <= 0 || ++walk->links > MAX_LINKS) return;
    if (*target == '/') walk->outside = true;
    snprintf(target + length, sizeof target - (size_t)length, "/%s", walk->rest);
    if (strlen(target) < sizeof walk->rest) strcpy(walk->rest, target);
    else walk->outside = true;             /* too long to be followed here */
    step_up(walk);
}

/* Whether a path, its symbolic links followed one by one as the kernel does, ever leaves the scenario's directory or its mount. */
static bool leaves(const char *path)
{
    struct walk walk = { .root = scenario_directory };
    const char *in_mount = mounts_rest(path, &walk.root);
    if (*path == '/' && !in_mount) return true;
    if (strlen(path) >= PATH_ROOM - 1) return false;         /* the kernel says ENAMETOOLONG */
    strcpy(walk.rest, in_mount ? in_mount : path);
    while (*walk.rest && walk.links <= MAX_LINKS && !walk.outside) {
        char name[PATH_ROOM];
        size_t length = strcspn(walk.rest, "/"), used = strlen(walk.at);
        memcpy(name, walk.rest, length);
        name[length] = '\0';
        const char *next = walk.rest + length + (walk.rest[length] == '/');
        memmove(walk.rest, next, strlen(next) + 1);
        if (length == 0 || strcmp(name, ".") == 0) continue;
        if (strcmp(name, "..") == 0) {
            if (walk.depth == 0) return true;
            step_up(&walk);
            continue;
        }
        if (length > 255 || used + length + 2 > sizeof walk.at) return false;
        snprintf(walk.at + used, sizeof walk.at - used, "/%s", name);
        walk.depth++;
        follow_link(&walk);
    }
    return walk.outside;
}

bool harms_path(struct run *run)
{
    for (int i = 0; i < run->statement->nr_args; i++) {
        const char *path = (const char *)run->a[i];
        if (run->statement->args[i].pieces && leaves(path)) return true;
    }
    return false;
}

/* (target, path): a link outside is not made; where one leads is seen when it is used. */
bool harms_symlink(struct run *run)
{
    return *(const char *)run->a[0] == '/' || leaves((const char *)run->a[1]);
}

/* What is not the scenario's own, a device or a file of /proc, stays as it is. */
bool harms_fchmod(struct run *run)
{
    uint64_t args[6] = { run->a[0], TRANSFER };
    const struct stat *about = (const struct stat *)TRANSFER;
    if (process_syscall(run->process, SYS_fstat, args, &run->result) != DONE || run->result != 0) return false;
    if (S_ISCHR(about->st_mode) || S_ISBLK(about->st_mode)) return true;
    const struct statfs *system = (const struct statfs *)TRANSFER;
    return process_syscall(run->process, SYS_fstatfs, args, &run->result) == DONE && run->result == 0 &&
           (system->f_type == PROC_SUPER_MAGIC || system->f_type == SYSFS_MAGIC);
}
