/* Write fault of a private anonymous page, on frames that were used before. */
#include "bench.h"

#define LENGTH (256 * MIB)
#define ROUNDS 3

int main(void)
{
	double ns = 0;

	base_pages_only();
	for (int round = 0; round <= ROUNDS; round++) {
		char *at = map_private(LENGTH);
		double start = now_ns();

		store_each_page(at, LENGTH);
		if (round > 0)
			ns += now_ns() - start;
		require(munmap(at, LENGTH) == 0, "munmap");
	}
	report(ns, ROUNDS * (LENGTH / PAGE));
	return 0;
}
