/* A fresh child of the controller becomes a scenario process. */
#ifndef NATIVE_ENTER_H
#define NATIVE_ENTER_H

#include "agent.h"

#include <stdbool.h>

/* Runs in the child, in directory `cwd`, and never returns. */
void enter(struct slot *slot, const char *cwd) __attribute__((noreturn));

#endif
