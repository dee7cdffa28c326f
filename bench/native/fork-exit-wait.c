/* fork, exit and wait of a process with 64 MiB touched. */
#include "bench.h"
#include <sys/wait.h>

#define LENGTH (64 * MIB)
#define FORKS 60
#define UNTIMED 5

int main(void)
{
	double start = 0;

	base_pages_only();
	store_each_page(map_private(LENGTH), LENGTH);
	for (int i = -UNTIMED; i < FORKS; i++) {
		if (i == 0)
			start = now_ns();
		pid_t child = fork();

		require(child >= 0, "fork");
		if (child == 0)
			_exit(0);
		require(waitpid(child, NULL, 0) == child, "waitpid");
	}
	report(now_ns() - start, FORKS);
	return 0;
}
