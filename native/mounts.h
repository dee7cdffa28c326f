/*
 * `% mount /NAME [ro][,noexec]`: file systems beside the scenario's directory.
 */
#ifndef NATIVE_MOUNTS_H
#define NATIVE_MOUNTS_H

#include "scenario.h"

struct run;

/* Before a scenario that mounts something starts its first process. Without the right to do so says on stderr that its mounts are not made. */
void mounts_begin(const struct scenario *scenario, const char *cwd);

/* Mounts an empty directory at /NAME, or mounts it anew with other flags. Not made: what may be written is not mounted read-only. */
void mounts_make(const struct statement *statement);

/* Lets the paths of a call that lead to /NAME lead to where that really is. */
void mounts_translate(struct run *run);

/* What of a path lies in a mount, or NULL; `root` is then the directory that it begins in. */
const char *mounts_rest(const char *path, const char **root);

/* Takes all mounts away. */
bool mounts_finish(void);

#endif
