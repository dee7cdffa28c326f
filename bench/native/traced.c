/*
 * A program for Valgrind's lackey to trace: a product of matrices. `traced maps` prints what execve maps of it instead, from
 * which the replay of the trace begins.
 */
#include "bench.h"
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define N 80

static double a[N][N], b[N][N], c[N][N];

/* The mappings of a child that execve has stopped before its first instruction. */
static void print_maps(const char *program)
{
	char line[4096];
	pid_t child = fork();

	require(child >= 0, "fork");
	if (child == 0) {
		require(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0, "ptrace");
		execl("/proc/self/exe", program, NULL);
		_exit(1);
	}
	require(waitpid(child, NULL, 0) == child, "waitpid");
	snprintf(line, sizeof(line), "/proc/%d/maps", child);
	FILE *maps = fopen(line, "r");
	require(maps != NULL, line);
	while (fgets(line, sizeof(line), maps) != NULL)
		fputs(line, stdout);
	fclose(maps);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		print_maps(argv[0]);
		return 0;
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = i + j;
			b[i][j] = i - j;
		}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			for (int k = 0; k < N; k++)
				c[i][j] += a[i][k] * b[k][j];
	return c[1][1] == 0;
}
