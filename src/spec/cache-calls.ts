/**
 * sync(2), syncfs(2), sync_file_range(2), posix_fadvise(2), readahead(2).
 *
 * What is in memory of a file is not told here, and so these calls are their errors, and one thing that write-back
 * does: bytes stored behind the end of a file of ext4 are gone (file-sizes.ts).
 *
 * Source: sync(2), sync_file_range(2), posix_fadvise(2), readahead(2); Linux mm/fadvise.c.
 */

import { EBADF, EINVAL, ESPIPE } from '../errno.ts';
import {
  POSIX_FADV_DONTNEED,
  POSIX_FADV_NOREUSE,
  POSIX_FADV_WILLNEED,
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
} from '../flags.ts';
import { type Answer, failure, SUCCESS } from './answer.ts';
import { low32, signed, wrap } from './arithmetic.ts';
import { opened } from './descriptors.ts';
import { writeBack } from './file-sizes.ts';
import type { Caller, FileObject, FileSystemName, State } from './state.ts';

const LARGEST_OFFSET = (1n << 63n) - 1n;
const ALL = 1n << 64n;

function writeAllBack(state: State, fs: FileSystemName): void {
  for (const object of state.objects.values()) if (object.fs === fs) writeBack(object, 0n, ALL);
}

/**
 * @call sync
 * Writes all dirty pages of all files to the disk.
 *
 * It waits until they are there. Files of tmpfs and memfds have no disk, and nothing becomes of them. As with fsync, bytes
 * that were stored through a mapping behind the end of a file of ext4 are zeros afterwards.
 *
 * @errors none
 */
export function sync({ state }: Caller): Answer {
  writeAllBack(state, 'ext4');
  return SUCCESS;
}

/**
 * @call syncfs
 * Writes all dirty pages of one file system to the disk: of the one that the descriptor's file lies on.
 *
 * @errors
 * EBADF: no such descriptor, or one of O_PATH
 */
export function syncfs({ state, process }: Caller, fd: bigint): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  writeAllBack(state, isNamed(found.object) ? found.object.fs : 'tmpfs');
  return SUCCESS;
}

/** It lies on the file system of files; the rest has no disk. */
function isNamed({ type }: FileObject): boolean {
  return type === 'regular' || type === 'directory';
}

/** A file, though it be one of /proc: those have nothing cached. */
function isFile({ type }: FileObject): boolean {
  return type === 'regular' || type === 'proc';
}

const SYNC_FLAGS = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

/**
 * @call sync_file_range
 * Starts the write-back of the dirty pages of a range of a file, or waits for it.
 *
 * WRITE starts it for all pages with a byte in [off, off + len); WAIT_BEFORE waits first, and WAIT_AFTER last, until no write-back
 * of the range is under way. A length of 0 reaches to the end of the file. Without a flag nothing happens, nor on a directory.
 *
 * @errors
 * EBADF: no such descriptor, or one of O_PATH
 * EINVAL: an unknown flag, a negative offset or length, or an end beyond the largest offset
 * ESPIPE: a pipe, a socket or a character device
 * @flags SYNC_FILE_RANGE_
 */
export function syncFileRange(
  { state, process }: Caller,
  fd: bigint,
  offset: bigint,
  length: bigint,
  flags: bigint,
): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  const chosen = low32(flags);
  const [from, bytes] = [signed(offset), signed(length)];
  if ((chosen & ~SYNC_FLAGS) !== 0 || from < 0n || bytes < 0n || from + bytes > LARGEST_OFFSET) return failure(EINVAL);
  if (found.object.type !== 'directory' && !isFile(found.object)) return failure(ESPIPE);
  if (chosen & SYNC_FILE_RANGE_WRITE) writeBack(found.object, from, bytes === 0n ? ALL : from + bytes);
  return SUCCESS;
}

/**
 * @call posix_fadvise
 * Says how a range of a file will be used.
 *
 * RANDOM, SEQUENTIAL and NORMAL are about the open file, whatever the range: reads fetch only what they are asked for,
 * twice as much ahead, or the usual. WILLNEED reads the range into the page cache. DONTNEED starts the write-back of its dirty
 * pages and drops those that the range covers whole, are clean, and that no process has mapped; the last page of the file counts
 * as covered if the range ends exactly where the file does. A length of 0 reaches to the end. On files in memory all
 * advice is without effect.
 *
 * @errors
 * EBADF: no such descriptor, or one of O_PATH
 * ESPIPE: a pipe
 * EINVAL: a negative length, or unknown advice; the offset may be anything
 * @flags POSIX_FADV_
 */
export function posixFadvise(
  { state, process }: Caller,
  fd: bigint,
  offset: bigint,
  length: bigint,
  advice: bigint,
): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  if (found.object.type === 'pipe') return failure(ESPIPE);
  const chosen = low32(advice);
  if (signed(length) < 0n || chosen > POSIX_FADV_NOREUSE) return failure(EINVAL);
  const end = wrap(offset + length);
  const reachesEnd = length === 0n || end < length;
  if (chosen === POSIX_FADV_DONTNEED && found.object.type === 'regular')
    writeBack(found.object, offset, reachesEnd ? ALL : end);
  return SUCCESS;
}

/**
 * @call readahead
 * Reads a range of a file into the page cache.
 *
 * The same as posix_fadvise with POSIX_FADV_WILLNEED, but for what it refuses.
 *
 * @errors
 * EBADF: no such descriptor, one of O_PATH, or one that is not open for reading
 * EINVAL: no regular file, or a negative length
 */
export function readahead(caller: Caller, fd: bigint, offset: bigint, length: bigint): Answer {
  const found = opened(caller.state, caller.process, fd);
  if (!found?.file.readable) return failure(EBADF);
  if (!isFile(found.object)) return failure(EINVAL);
  return posixFadvise(caller, fd, offset, length, BigInt(POSIX_FADV_WILLNEED));
}
