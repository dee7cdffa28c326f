/**
 * readv(2), preadv(2), writev(2), pwritev(2): transfers with several ranges of memory.
 *
 * Where the ranges are is said by user-ranges.ts; the transfer is that of read-write.ts.
 *
 * Source: readv(2); Linux fs/read_write.c.
 */

import type { Answer } from './answer.ts';
import { type Position, read, write } from './read-write.ts';
import type { Caller } from './state.ts';

/**
 * @call readv preadv
 * Moves bytes of a file into several ranges of memory, one after the other, and answers how many.
 *
 * The ranges are told by `iovcnt` iovecs at `iov`, in the memory of the process: an address and a length of 8 bytes each. They are
 * read whole before anything moves. What then cannot be stored to ends the transfer, wherever it lies; what was moved before stays
 * and counts. Ranges of no bytes at all are 0, whatever else would be wrong with the file.
 *
 * @errors
 * EINVAL: preadv with a negative position
 * EBADF: `fd` is no descriptor
 * ESPIPE: preadv of a pipe, a socket or a terminal
 * EBADF: not open for reading
 * EINVAL: more than 1024 iovecs (of `iovcnt` the lower 32 bits count)
 * EFAULT: an iovec cannot be read
 * EINVAL: a negative length
 * EFAULT: a range leaves user space, even one of no bytes
 * EINVAL: position and length together exceed 2^63 - 1
 * EISDIR: it is a directory
 * EAGAIN: with O_NONBLOCK: nothing is in the pipe or socket, and somebody could still write
 * EFAULT: the first byte already cannot be stored
 */
export function readv(caller: Caller, fd: bigint, iov: bigint, count: bigint, where: Position): Answer {
  return read(caller, fd, { iov, count }, where);
}

/**
 * @call writev pwritev
 * Moves bytes from several ranges of memory into a file, one after the other, and answers how many.
 *
 * The ranges are told as for readv. It is one transfer: what cannot be loaded ends it, wherever it lies.
 *
 * @errors
 * EINVAL: pwritev with a negative position
 * EBADF: `fd` is no descriptor
 * ESPIPE: pwritev to a pipe, a socket, a terminal or /proc
 * EBADF: not open for writing
 * EINVAL: more than 1024 iovecs (of `iovcnt` the lower 32 bits count)
 * EFAULT: an iovec cannot be read
 * EINVAL: a negative length
 * EFAULT: a range leaves user space, even one of no bytes
 * EINVAL: position and length together exceed 2^63 - 1
 * EFBIG: the first byte already lies beyond RLIMIT_FSIZE (SIGXFSZ comes with it), or beyond the largest size of a file
 * EPERM: the memory file is sealed against it
 * ENOSPC: /dev/full
 * EPIPE: nobody can read from the pipe or socket; SIGPIPE comes with it
 * EAGAIN: with O_NONBLOCK: the pipe is full
 * EFAULT: the first byte already cannot be loaded
 */
export function writev(caller: Caller, fd: bigint, iov: bigint, count: bigint, where: Position): Answer {
  return write(caller, fd, { iov, count }, where);
}
