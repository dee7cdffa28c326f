/**
 * readv(2), preadv(2), writev(2), pwritev(2): transfers between a file and several ranges of user memory.
 *
 * The ranges stand in user memory too, as an array of iovecs, which is read whole before anything moves. From then on they
 * are one transfer: what cannot be touched ends it wherever it lies.
 * Source: Linux lib/iov_iter.c __import_iovec, fs/read_write.c vfs_readv, vfs_writev.
 */

import type { Word } from '../units.ts';
import { type FileCallParts, fileFor, type Offset, readInto, writeFrom } from './file-calls.ts';
import { type IoVector, importLocal } from './iovec.ts';
import type { Task, WAITING } from './task.ts';

function lengthOf(ranges: readonly IoVector[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

/** readv and preadv: bytes moved, `WAITING`, or a negative errno. */
export function readv(
  parts: FileCallParts,
  task: Task,
  fd: Word,
  address: Word,
  count: Word,
  offset: Offset,
): number | typeof WAITING {
  const file = fileFor(task, fd, offset, 'read');
  if (typeof file === 'number') return file;
  const ranges = importLocal(parts, task, { address, count });
  if (typeof ranges === 'number') return ranges;
  const length = lengthOf(ranges);
  if (length === 0) return 0;
  return readInto(parts, task, file, BigInt(length), offset, ranges);
}

/** writev and pwritev: bytes moved, `WAITING`, or a negative errno. */
export function writev(
  parts: FileCallParts,
  task: Task,
  fd: Word,
  address: Word,
  count: Word,
  offset: Offset,
): number | typeof WAITING {
  const file = fileFor(task, fd, offset, 'write');
  if (typeof file === 'number') return file;
  const ranges = importLocal(parts, task, { address, count });
  if (typeof ranges === 'number') return ranges;
  const length = lengthOf(ranges);
  if (length === 0) return 0;
  return writeFrom(parts, task, file, BigInt(length), offset, ranges);
}
