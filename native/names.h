/* Names of numbers: errno, signals, si_code. Where a number has no name the number itself is printed. */
#ifndef NATIVE_NAMES_H
#define NATIVE_NAMES_H

/* Each returns a string that is good until the next call of the same function. */
const char *errno_name(int number);
const char *signal_name(int number);
const char *si_code_name(int signal, int code);

#endif
