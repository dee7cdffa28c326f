/* munmap of private anonymous pages that were stored to, per page. */
#include "bench.h"

#define LENGTH (128 * MIB)
#define ROUNDS 3

int main(void)
{
	double ns = 0;

	base_pages_only();
	for (int round = 0; round <= ROUNDS; round++) {
		char *at = map_private(LENGTH);

		store_each_page(at, LENGTH);
		double start = now_ns();
		require(munmap(at, LENGTH) == 0, "munmap");
		if (round > 0)
			ns += now_ns() - start;
	}
	report(ns, ROUNDS * (LENGTH / PAGE));
	return 0;
}
