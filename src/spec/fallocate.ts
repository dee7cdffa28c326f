/**
 * fallocate(2): space for a file, or holes in it.
 *
 *     0                      the file has at least offset + length bytes
 *     KEEP_SIZE              nothing that could be seen here
 *     PUNCH_HOLE|KEEP_SIZE   zeros; whole pages become a hole. Private copies stay
 *     ZERO_RANGE             zeros (ext4)
 *     COLLAPSE_RANGE         takes the range out: what follows moves down (ext4)
 *     INSERT_RANGE           puts a hole in: what follows moves up (ext4)
 *
 * The last two work in whole pages, write back what they move, and drop the private copies of it.
 *
 * Source: fallocate(2); Linux fs/open.c vfs_fallocate, mm/shmem.c shmem_fallocate, fs/ext4/extents.c.
 */

import { EBADF, EFBIG, EINVAL, EISDIR, ENODEV, ENOSPC, EOPNOTSUPP } from '../errno.ts';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_UNSHARE_RANGE,
  FALLOC_FL_ZERO_RANGE,
} from '../flags.ts';
import { type Answer, failure, outcome } from './answer.ts';
import { type Errno, low32, max, min, pageOf, pagesOf, signed, ZERO_PAGE } from './arithmetic.ts';
import { opened } from './descriptors.ts';
import { type FallocateRequest, onExt4, punchHole } from './fallocate-ext4.ts';
import { checkNewSize, maxBytes } from './file-sizes.ts';
import { checkSizeSeals } from './memfd.ts';
import { withRange } from './page-ranges.ts';
import type { Caller, FileObject } from './state.ts';

/** FALLOC_FL_WRITE_ZEROES, which no file system here does. */
const FALLOC_FL_WRITE_ZEROES = 0x80;

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
 * Which error wins: EBADF no such descriptor; EINVAL negative offset, length not positive; EOPNOTSUPP modes that do
 * not go together; EBADF not open for writing; EISDIR, ENODEV no file; EFBIG beyond the largest file; EOPNOTSUPP not
 * done by the file system; EFBIG beyond RLIMIT_FSIZE, with SIGXFSZ; EPERM sealed; ENOSPC.
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
  if (object.type !== 'regular') return failure(object.type === 'directory' ? EISDIR : ENODEV);
  if (offset + length > maxBytes(object)) return failure(EFBIG);
  const request = { state, process, object, bits, offset, length };
  return outcome(object.fs === 'tmpfs' ? onTmpfs(request) : onExt4(request));
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

function onTmpfs({ state, process, object, bits, offset, length }: FallocateRequest): Errno {
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
