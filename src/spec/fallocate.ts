/**
 * fallocate(2): space for a file, or holes in it. What only ext4 does is fallocate-ext4.ts.
 *
 * Source: fallocate(2); Linux fs/open.c vfs_fallocate, mm/shmem.c shmem_fallocate, fs/ext4/extents.c.
 */

import { EBADF, EFBIG, EINVAL, ENOSPC, EOPNOTSUPP } from '../errno.ts';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_UNSHARE_RANGE,
  FALLOC_FL_WRITE_ZEROES,
  FALLOC_FL_ZERO_RANGE,
} from '../flags.ts';
import { type Answer, failure, outcome } from './answer.ts';
import { type Errno, low32, max, min, pageOf, pagesOf, signed, ZERO_PAGE } from './arithmetic.ts';
import { dropPrivileges } from './chmod.ts';
import { opened } from './descriptors.ts';
import { type FallocateRequest, isModeOfExt4, onExt4, punchHole } from './fallocate-ext4.ts';
import { onHugetlbfs } from './fallocate-huge.ts';
import { checkNewSize, maxBytes } from './file-sizes.ts';
import { fallocateErrno } from './kinds.ts';
import { checkSizeSeals } from './memfd.ts';
import { withRange } from './page-ranges.ts';
import type { Caller, FileObject, State } from './state.ts';
import { noteModification } from './times.ts';

/** Modes that exclude each other. 0 is one of them. */
const MODES: readonly number[] = [
  0,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_ZERO_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_UNSHARE_RANGE,
  FALLOC_FL_WRITE_ZEROES,
];

const SIZE_CHANGING: readonly number[] = [FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE, FALLOC_FL_WRITE_ZEROES];

/**
 * @call fallocate
 * Takes space for a file ahead, or makes holes in it.
 *
 * | mode (FALLOC_FL_) | what it does |
 * |---|---|
 * | 0 | the file has at least `off` + `len` bytes, and space for the range |
 * | KEEP_SIZE | space, also behind the end, and the size stays |
 * | PUNCH_HOLE with KEEP_SIZE | zeros; whole pages become a hole. Private copies stay |
 * | ZERO_RANGE | zeros (ext4) |
 * | COLLAPSE_RANGE | takes the range out: what follows moves down (ext4) |
 * | INSERT_RANGE | puts a hole in: what follows moves up (ext4) |
 *
 * A hole in a memory file of huge pages takes whole ones, private copies of them too, and zeroes the rest. COLLAPSE_RANGE and
 * INSERT_RANGE work in whole pages, write back what they move, and drop the private copies of it. Space that was taken
 * reads as zeros and counts as a hole until something is written to it.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 * EINVAL: a negative offset, or a length that is not positive
 * EOPNOTSUPP: unknown modes, or modes that do not go together
 * EBADF: not open for writing
 * EISDIR: it is a directory
 * ESPIPE: it is a pipe
 * ENODEV: it is a device or a socket
 * EFBIG: the range ends beyond the largest size of a file
 * EOPNOTSUPP: the file system does not do it
 * EINVAL: COLLAPSE_RANGE, INSERT_RANGE: not whole pages, or at or behind the end of the file
 * EPERM: PUNCH_HOLE of a memory file that is sealed against writing
 * EFBIG: the new size is beyond RLIMIT_FSIZE; SIGXFSZ comes with it
 * EPERM: the memory file is sealed against growing
 * ENOSPC: more than the file system has, or than the pool of huge pages; what was taken stays
 *
 * @flags FALLOC_FL_
 */
export function fallocate(
  { state, process }: Caller,
  fd: bigint,
  mode: bigint,
  offset: bigint,
  length: bigint,
): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  const bits = low32(mode);
  const errno = checkRange(offset, length) || checkMode(bits);
  if (errno !== 0) return failure(errno);
  if (!found.file.writable) return failure(EBADF);
  const { object } = found;
  const unfit = fallocateErrno(object.type);
  if (unfit !== 0) return failure(unfit);
  if (offset + length > maxBytes(object)) return failure(EFBIG);
  const request = { state, process, object, bits, offset, length };
  // Linux's ext4 notes the change before it looks at the range, and so even if it refuses it.
  if (object.fs === 'ext4' && isModeOfExt4(bits)) noteChange(state, object);
  const done = object.fs === 'tmpfs' ? onTmpfs(request) : onExt4(request);
  if (done !== 0) return failure(done);
  if (object.fs === 'tmpfs') noteChange(state, object);
  return outcome(done);
}

function noteChange(state: State, object: FileObject): void {
  dropPrivileges(object);
  noteModification(state, object);
}

function checkRange(offset: bigint, length: bigint): Errno {
  return signed(offset) < 0n || signed(length) <= 0n ? EINVAL : 0;
}

function checkMode(bits: number): Errno {
  const mode = bits & ~FALLOC_FL_KEEP_SIZE;
  const keepsSize = (bits & FALLOC_FL_KEEP_SIZE) !== 0;
  if (!MODES.includes(mode)) return EOPNOTSUPP;
  if (mode === FALLOC_FL_PUNCH_HOLE && !keepsSize) return EOPNOTSUPP;
  return SIZE_CHANGING.includes(mode) && keepsSize ? EOPNOTSUPP : 0;
}

function onTmpfs(request: FallocateRequest): Errno {
  const { state, process, object, bits, offset, length } = request;
  if (object.huge) return onHugetlbfs(request);
  if (bits & FALLOC_FL_PUNCH_HOLE) return punchHole(object, offset, length);
  if ((bits & ~FALLOC_FL_KEEP_SIZE) !== 0) return EOPNOTSUPP;
  const end = offset + length;
  const errno = checkNewSize(process, object, end) || (end > object.size ? checkSizeSeals(object, end) : 0);
  if (errno !== 0) return errno;
  const first = pageOf(offset);
  const last = pagesOf(end);
  if (last - first > state.layout.diskPages) return ENOSPC;
  fillReserved(object, first, last);
  object.reserved = withRange(object.reserved, first, last);
  if ((bits & FALLOC_FL_KEEP_SIZE) === 0 && end > object.size) object.size = end;
  return 0;
}

/** What was reserved before becomes data. */
function fillReserved(object: FileObject, first: bigint, last: bigint): void {
  for (const range of object.reserved) {
    for (let page = max(first, range.first); page < min(last, range.end); page++) {
      if (!object.pages.has(page)) object.pages.set(page, ZERO_PAGE);
    }
  }
}
