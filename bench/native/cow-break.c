/* Stores of a forked child to its parent's pages: each copies one. */
#include "bench.h"
#include <sys/wait.h>

#define LENGTH (64 * MIB)
#define ROUNDS 5

int main(void)
{
	double ns = 0;

	base_pages_only();
	char *at = map_private(LENGTH);
	double *took = (double *)map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	store_each_page(at, LENGTH);
	for (int round = 0; round <= ROUNDS; round++) {
		pid_t child = fork();

		require(child >= 0, "fork");
		if (child == 0) {
			double start = now_ns();

			store_each_page(at, LENGTH);
			*took = now_ns() - start;
			_exit(0);
		}
		require(waitpid(child, NULL, 0) == child, "waitpid");
		if (round > 0)
			ns += *took;
	}
	report(ns, ROUNDS * (LENGTH / PAGE));
	return 0;
}
