/*
 * mmap and munmap, in pairs: `map-pair few`, `map-pair many`.
 *
 * many: 60,000 mappings of one page, made by giving every other page other rights, with a hole of one page behind each 63.
 * Half of the pairs map two pages where the kernel likes (no hole takes them), half one page into a hole by its address.
 */
#include "bench.h"
#include <string.h>

#define PAIRS 40000
#define UNTIMED 4000
#define VMAS 60000UL
#define GROUP 64UL

static void pair(char *at, size_t length, int prot)
{
	char *got = mmap(at, length, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	require(got != MAP_FAILED && (at == NULL || got == at), "mmap");
	require(munmap(got, length) == 0, "munmap");
}

static char *many_mappings(size_t groups)
{
	char *base = map(groups * GROUP * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	for (size_t page = 0; page < groups * GROUP; page++) {
		if (page % GROUP == GROUP - 1)
			require(munmap(base + page * PAGE, PAGE) == 0, "munmap");
		else if (page % 2 == 1)
			require(mprotect(base + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
	}
	return base;
}

int main(int argc, char **argv)
{
	int many = argc == 2 && strcmp(argv[1], "many") == 0;
	size_t groups = VMAS / (GROUP - 1);
	char *base = many ? many_mappings(groups) : NULL;
	size_t group = 0;
	double start = 0;

	for (int i = -UNTIMED; i < PAIRS; i++) {
		if (i == 0)
			start = now_ns();
		if (!many) {
			pair(NULL, PAGE, PROT_READ | PROT_WRITE);
		} else if (i % 2 == 0) {
			pair(NULL, 2 * PAGE, PROT_READ | PROT_WRITE);
		} else {
			group = (group + 389) % groups;
			pair(base + (group * GROUP + GROUP - 1) * PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
		}
	}
	report(now_ns() - start, PAIRS);
	return 0;
}
