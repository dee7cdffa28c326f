/* Loads from a mapped file whose pages are in the page cache in folios of one page: fault-around, per page. */
#include "bench.h"

#define LENGTH (128 * MIB)
#define ROUNDS 5

/* A file in memory, written page by page. */
static int cached_file(void)
{
	static char page[PAGE];
	int fd = memfd_create("bench", 0);

	require(fd >= 0, "memfd_create");
	for (size_t done = 0; done < LENGTH; done += PAGE)
		require(write(fd, page, PAGE) == (ssize_t)PAGE, "write");
	return fd;
}

int main(void)
{
	double ns = 0;
	long sum = 0;

	base_pages_only();
	int fd = cached_file();
	for (int round = 0; round <= ROUNDS; round++) {
		volatile char *at = map(LENGTH, PROT_READ, MAP_PRIVATE, fd);
		double start = now_ns();

		for (size_t offset = 0; offset < LENGTH; offset += PAGE)
			sum += at[offset];
		if (round > 0)
			ns += now_ns() - start;
		require(munmap((char *)at, LENGTH) == 0, "munmap");
	}
	require(sum == 0, "contents");
	report(ns, ROUNDS * (LENGTH / PAGE));
	return 0;
}
