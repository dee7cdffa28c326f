/*
 * Handlers: each asks the run's process to do something and prints " = VALUE" when it was done. run.c adds the
 * signals and, where the outcome is not DONE, what became of the process.
 */
#ifndef NATIVE_HANDLE_H
#define NATIVE_HANDLE_H

#include "calls.h"

/* A system call of up to four arguments; its value goes to run->result. */
enum outcome ask(struct run *run, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

bool failed(const struct run *run);        /* run->result is an errno */
bool took_signal(const struct run *run);   /* an access was abandoned: nothing to print */

/* Gives the statement's name this value. */
void bind(struct run *run, uint64_t value);

/* " = -1 ERRNO" */
void print_failure(const struct run *run);

/* " = refused", for what shows only on the way. */
enum outcome refuse(void);

/* " = N" or " = ADDRESS" and bound, or " = -1 ERRNO". */
void print_integer(struct run *run);
void print_result_address(struct run *run);

/* The result as an address; memory makes a region to print addresses by, unless it lies where it was asked for. */
void print_mapping(struct run *run, bool asked_for, uint64_t length);

enum outcome run_plain(struct run *run);
enum outcome run_read(struct run *run);
enum outcome run_read_on(struct run *run);
enum outcome run_write(struct run *run);
enum outcome run_write_on(struct run *run);
enum outcome run_transfer(struct run *run);
enum outcome run_fstat(struct run *run);
enum outcome run_fstat_mode(struct run *run);
enum outcome run_times(struct run *run);
enum outcome run_flock(struct run *run);
enum outcome run_lock(struct run *run);
enum outcome run_pipe(struct run *run);
enum outcome run_mmap(struct run *run);
enum outcome run_mremap(struct run *run);
enum outcome run_mincore(struct run *run);
enum outcome run_mlockall(struct run *run);
enum outcome run_process_madvise(struct run *run);
enum outcome run_shmget(struct run *run);
enum outcome run_shmat(struct run *run);
enum outcome run_shmctl(struct run *run);
enum outcome run_shm_open(struct run *run);
enum outcome run_shm_unlink(struct run *run);
enum outcome run_brk(struct run *run);
enum outcome run_sbrk(struct run *run);
enum outcome run_load(struct run *run);
enum outcome run_store(struct run *run);
enum outcome run_cas(struct run *run);
enum outcome run_fetchadd(struct run *run);
enum outcome run_fetch(struct run *run);
enum outcome run_copyin(struct run *run);
enum outcome run_copyout(struct run *run);
enum outcome run_sigaction(struct run *run);
enum outcome run_setrlimit(struct run *run);
enum outcome run_prlimit(struct run *run);
enum outcome run_prctl(struct run *run);
enum outcome run_getrlimit(struct run *run);
enum outcome run_fork(struct run *run);
enum outcome run_process_vm(struct run *run);
enum outcome run_vfork(struct run *run);
enum outcome run_exec(struct run *run);
enum outcome run_kill(struct run *run);
enum outcome run_getrusage(struct run *run);
enum outcome run_thread(struct run *run);
enum outcome run_exit_thread(struct run *run);
enum outcome run_futex(struct run *run);
enum outcome run_exit(struct run *run);
enum outcome run_wait(struct run *run);
enum outcome run_waited(struct run *run);
enum outcome run_maps(struct run *run);
enum outcome run_smaps(struct run *run);
enum outcome run_vmflags(struct run *run);
enum outcome run_pagemap(struct run *run);
enum outcome run_status(struct run *run);
enum outcome run_status_field(struct run *run);

/* handle-times.c: before a scenario; before each statement of one that asks for times. */
void times_begin(void);
void times_await_tick(void);

#endif
