/*
 * What every program here needs: a clock, a mapping, an end with a sentence.
 *
 * Each program carries out one operation of a row many times, in base pages only (no transparent huge
 * pages), and prints the nanoseconds of one operation. The first round is never timed.
 */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define MIB (1024UL * 1024UL)

static inline double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline void require(int fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	exit(1);
}

/* Huge pages off for this process and its children. */
static inline void base_pages_only(void)
{
	require(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0, "prctl(PR_SET_THP_DISABLE)");
}

static inline char *map(size_t length, int prot, int flags, int fd)
{
	char *at = mmap(NULL, length, prot, flags, fd, 0);

	require(at != MAP_FAILED, "mmap");
	return at;
}

static inline char *map_private(size_t length)
{
	return map(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static inline void store_each_page(char *at, size_t length)
{
	for (size_t offset = 0; offset < length; offset += PAGE)
		((volatile char *)at)[offset] = 1;
}

static inline void report(double ns, double operations)
{
	printf("%.3f\n", ns / operations);
}

#endif
