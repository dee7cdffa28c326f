/* Running a parsed scenario: see run.c. */
#ifndef NATIVE_RUN_H
#define NATIVE_RUN_H

#include "scenario.h"

/* The directory of the scenario that runs. */
extern const char *scenario_directory;

/* Runs all statements in directory `cwd` and prints their lines on stdout. False when the processes could not be
 * started or would not go away (said on stderr). */
bool scenario_run(struct scenario *scenario, const char *cwd);

#endif
