/**
 * truncate(2), ftruncate(2), fsync(2), fdatasync(2), and what becomes of the bytes behind the end of a file.
 *
 * A store through a mapping may put bytes behind the end of the file, into its last page. They are no part of
 * the file, and read as they were stored as long as the page stays as it is:
 *
 *                                      tmpfs              ext4
 *     ftruncate to that size or less   zeroed             zeroed
 *     the file grows over them         become data        zeroed
 *     write(2) from the end or before  become data        become data
 *     msync, fsync of the page         stay               zeroed
 *
 * Source: ftruncate(2), mmap(2); Linux mm/shmem.c shmem_setattr, fs/ext4/inode.c ext4_setattr.
 */

import { EACCES, EBADF, EFBIG, EINVAL, EISDIR, ENOENT, ENOTDIR, EROFS } from '../errno.ts';
import { RLIM_INFINITY } from '../flags.ts';
import { type Answer, failure, SUCCESS, UNSPECIFIED } from './answer.ts';
import {
  addressOf,
  type Errno,
  min,
  PAGE_SIZE,
  pageFloor,
  pagesOf,
  pagesOf32Bits,
  signed,
  WORD_BITS,
} from './arithmetic.ts';
import { dropPrivileges } from './chmod.ts';
import { opened } from './descriptors.ts';
import { loseTail } from './huge-pool.ts';
import { fsyncErrno } from './kinds.ts';
import { checkSizeSeals } from './memfd.ts';
import { isReadOnly } from './mounts.ts';
import { dropCopies, removePages, zeroBytes } from './objects.ts';
import { lookUp, MAY_WRITE } from './paths.ts';
import type { Caller, FileObject, Process, State } from './state.ts';
import { noteModification } from './times.ts';

/** The largest file: what off_t holds; on ext4, and with 32 bits, as many pages as 32 bits count. */
export function maxBytes(object: FileObject): bigint {
  return object.fs === 'tmpfs' && WORD_BITS === 64 ? (1n << 63n) - 1n : pagesOf32Bits();
}

/**
 * @call ftruncate
 * Gives a file another size.
 *
 * Smaller: whole pages behind the new end are gone, from every mapping, private copies of them too, and touching them
 * raises SIGBUS; the rest of the last page is zeroed in the file, not in private copies of that page. Larger: zeros
 * come behind, as a hole; old mappings show them.
 *
 * @errors
 * EINVAL: a negative length
 * EBADF: `fd` is no descriptor
 * EINVAL: it is no regular file, or not open for writing
 * EFBIG: beyond RLIMIT_FSIZE (SIGXFSZ comes with it), or beyond the largest size of a file
 * EINVAL: a memory file of huge pages, and not a multiple of their size
 * EPERM: the memory file is sealed against it
 */
export function ftruncate({ state, process }: Caller, fd: bigint, length: bigint): Answer {
  if (signed(length) < 0n) return failure(EINVAL);
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  const { file, object } = found;
  if (object.type !== 'regular' || !file.writable) return failure(EINVAL);
  return resize(state, process, object, length);
}

/**
 * @call truncate
 * Gives the file of a path another size, as ftruncate does; symbolic links are followed.
 *
 * @errors
 * EINVAL: a negative length
 * EACCES: a directory on the way may not be searched
 * ENOENT: there is no such file; the path is empty
 * ENOTDIR: something on the way is no directory; a slash follows the name of a file
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * ELOOP: more than 40 symbolic links on the way
 * EISDIR: it is a directory
 * EINVAL: it is no regular file
 * EROFS: a read-only mount
 * EACCES: its permissions do not let it be written
 * EFBIG: beyond RLIMIT_FSIZE (SIGXFSZ comes with it), or beyond the largest size of a file
 */
export function truncate({ state, process }: Caller, path: string, length: bigint): Answer {
  if (signed(length) < 0n) return failure(EINVAL);
  const found = lookUp(state, path, 'follow');
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  const { object, slash } = found;
  if (!object) return failure(ENOENT);
  if (object.type === 'directory') return failure(EISDIR);
  if (slash) return failure(ENOTDIR);
  if (object.type !== 'regular') return failure(EINVAL);
  if (isReadOnly(state, found.mount)) return failure(EROFS);
  return object.mode & MAY_WRITE ? resize(state, process, object, length) : failure(EACCES);
}

function resize(state: State, process: Process, object: FileObject, length: bigint): Answer {
  const errno =
    checkNewSize(process, object, length) || checkWholePages(object, length) || checkSizeSeals(object, length);
  if (errno !== 0) return failure(errno);
  dropPrivileges(object);
  noteModification(state, object);
  setSize(state, object, length);
  return SUCCESS;
}

/** EINVAL for a size of huge pages and a part of one. */
function checkWholePages({ huge }: FileObject, size: bigint): Errno {
  return huge && size % huge.pageBytes !== 0n ? EINVAL : 0;
}

/** EFBIG if a file may not grow to `size`; with SIGXFSZ if that is for RLIMIT_FSIZE. */
export function checkNewSize(process: Process, object: FileObject, size: bigint): Errno {
  if (size <= object.size) return 0;
  const limit = process.limits.fsize;
  if (limit !== RLIM_INFINITY && size > limit) {
    process.pendingSignal = 'SIGXFSZ';
    return EFBIG;
  }
  return size > maxBytes(object) ? EFBIG : 0;
}

/** What fstat says. A directory of tmpfs has 20 bytes for each entry, `.` and `..` too; on ext4 it is a block, of which few entries make more. */
export function sizeOf({ type, fs, size, entries }: FileObject): bigint {
  if (type !== 'directory') return size;
  return fs === 'ext4' ? PAGE_SIZE : 20n * BigInt(entries.size + 2);
}

/** What is cut off is gone, private copies of it too; of huge pages also what had been put behind the end. */
export function setSize(state: State, object: FileObject, size: bigint): void {
  const before = object.size;
  if (size > before) zeroBehindEnd(object, addressOf(pagesOf(before)));
  object.size = size;
  if (size > before && !object.huge) return;
  dropCopies(state, object, pagesOf(size));
  removePages(object, pagesOf(size), 1n << 52n);
  if (object.huge) loseTail(object.huge, size / object.huge.pageBytes);
  zeroBytes(object, size, addressOf(pagesOf(size)));
}

/** A file of ext4 is about to grow by something that begins at `position`, behind its end. */
export function zeroBehindEnd(object: FileObject, position: bigint): void {
  if (object.fs === 'ext4') zeroBytes(object, object.size, min(position, addressOf(pagesOf(object.size))));
}

/** What is written to the disk has zeros behind the end of the file, and then so has the page. tmpfs has no disk. */
export function writeBack(object: FileObject, start: bigint, end: bigint): void {
  const lastPage = pageFloor(object.size);
  const lastEnd = addressOf(pagesOf(object.size));
  if (object.fs === 'ext4' && start < lastEnd && end > lastPage) zeroBytes(object, object.size, lastEnd);
}

/**
 * @call fsync fdatasync
 * Writes what was written and stored to a file to the disk, and waits for it.
 *
 * Dirty pages are clean and write-protected afterwards, so that the next store to each faults once more. On ext4 the
 * bytes behind the end of the file in its last page are zeroed by it; tmpfs has no disk. Both calls do the same here,
 * since files have no times.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 * EINVAL: it is a device, a pipe or a socket
 */
export function fsync({ state, process }: Caller, fd: bigint): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  const errno = fsyncErrno(found.object.type);
  if (errno !== 0) return failure(errno);
  writeBack(found.object, 0n, found.object.size);
  return SUCCESS;
}
