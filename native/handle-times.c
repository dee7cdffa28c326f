/*
 * times(fd): which times of a file are others than when a statement last asked about it; all of them the first time.
 *
 * Linux stamps files by a clock that ticks every few milliseconds. So that what two statements do is told apart, each
 * statement of a scenario that asks for times waits for the next tick.
 */
#define _GNU_SOURCE
#include "handle.h"
#include "print.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

struct asked {
    struct asked *next;
    dev_t device;
    ino_t inode;
    struct timespec times[3];
};

static struct asked *all;

void times_begin(void)
{
    while (all) {
        struct asked *gone = all;
        all = gone->next;
        free(gone);
    }
}

static struct asked *find(const struct stat *about)
{
    struct asked *asked = all;
    while (asked && (asked->device != about->st_dev || asked->inode != about->st_ino)) asked = asked->next;
    if (asked) return asked;
    asked = calloc(1, sizeof *asked);
    if (!asked) abort();
    asked->device = about->st_dev;
    asked->inode = about->st_ino;
    asked->next = all;
    return all = asked;
}

static bool differ(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
}

void times_await_tick(void)
{
    struct timespec before, now;
    const struct timespec pause = { 0, 200000 };
    clock_gettime(CLOCK_REALTIME_COARSE, &before);
    do {
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    } while (!differ(before, now));
}

enum outcome run_times(struct run *run)
{
    static const char *const names[] = { "atime", "mtime", "ctime" };
    const struct stat *about = (const struct stat *)TRANSFER;
    enum outcome outcome = ask(run, SYS_fstat, run->a[0], TRANSFER, 0, 0);
    if (outcome != DONE) return outcome;
    print_integer(run);
    if (failed(run)) return DONE;
    const struct timespec now[] = { about->st_atim, about->st_mtim, about->st_ctim };
    struct asked *asked = find(about);
    fputs(" {", stdout);
    for (int i = 0, nr = 0; i < 3; i++) {
        if (!differ(now[i], asked->times[i])) continue;
        printf("%s%s", nr++ ? " " : "", names[i]);
        asked->times[i] = now[i];
    }
    putchar('}');
    return DONE;
}
