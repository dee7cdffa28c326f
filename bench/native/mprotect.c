/* mprotect of 16 pages in the middle of a mapping, there (it splits) and back (it merges): `mprotect untouched|touched`. */
#include "bench.h"
#include <string.h>

#define PAGES 64
#define FIRST 24
#define CHANGED 16
#define PAIRS 20000
#define UNTIMED 2000

int main(int argc, char **argv)
{
	double start = 0;

	base_pages_only();
	char *at = map_private(PAGES * PAGE) + FIRST * PAGE;

	if (argc == 2 && strcmp(argv[1], "touched") == 0)
		store_each_page(at, CHANGED * PAGE);
	for (int i = -UNTIMED; i < PAIRS; i++) {
		if (i == 0)
			start = now_ns();
		require(mprotect(at, CHANGED * PAGE, PROT_READ) == 0, "mprotect");
		require(mprotect(at, CHANGED * PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
	}
	report(now_ns() - start, 2.0 * PAIRS);
	return 0;
}
