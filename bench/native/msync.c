/* msync(MS_SYNC) of 16,384 dirty pages of a file on disk, per page: `msync DIRECTORY`. The file has all its blocks before. */
#include "bench.h"
#include <fcntl.h>

#define LENGTH (64 * MIB)
#define ROUNDS 2

static int file_with_blocks(const char *directory)
{
	static char megabyte[MIB];
	char path[4096];

	snprintf(path, sizeof(path), "%s/faultline-bench-XXXXXX", directory);
	int fd = mkstemp(path);

	require(fd >= 0, path);
	require(unlink(path) == 0, path);
	for (size_t done = 0; done < LENGTH; done += MIB)
		require(write(fd, megabyte, MIB) == (ssize_t)MIB, "write");
	require(fsync(fd) == 0, "fsync");
	return fd;
}

int main(int argc, char **argv)
{
	double ns = 0;

	require(argc == 2, "usage: msync DIRECTORY");
	char *at = map(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, file_with_blocks(argv[1]));

	for (int round = 0; round <= ROUNDS; round++) {
		store_each_page(at, LENGTH);
		double start = now_ns();
		require(msync(at, LENGTH, MS_SYNC) == 0, "msync");
		if (round > 0)
			ns += now_ns() - start;
	}
	report(ns, ROUNDS * (LENGTH / PAGE));
	return 0;
}
