/* Names of numbers: errno, signals, si_code. Where a number has no name the number itself is printed. */
#ifndef NATIVE_NAMES_H
#define NATIVE_NAMES_H

#include <stdint.h>

/* Where the arena `A` is: 1 GiB at 0x100000000000 unless the driver's options say otherwise. */
extern uint64_t arena_base, arena_size;

/* Each returns a string that is good until the next call of the same function. */
const char *errno_name(int number);
const char *signal_name(int number);
const char *si_code_name(int signal, int code);

#endif
