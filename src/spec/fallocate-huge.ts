/**
 * What fallocate does to files of huge pages: whole ones are taken and given back.
 *
 * Source: Linux fs/hugetlbfs/inode.c hugetlbfs_fallocate, hugetlbfs_punch_hole.
 */

import { ENOSPC, EOPNOTSUPP, EPERM } from '../errno.ts';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../flags.ts';
import { type Errno, max, pageOf } from './arithmetic.ts';
import type { FallocateRequest } from './fallocate-ext4.ts';
import type { HugeFile } from './file-records.ts';
import { checkNewSize } from './file-sizes.ts';
import { loseHole, takeForFile } from './huge-pool.ts';
import { checkSizeSeals, isWriteSealed } from './memfd.ts';
import { dropCopies, removePages, zeroBytes } from './objects.ts';
import type { FileObject, State } from './state.ts';

export function onHugetlbfs({ state, process, object, bits, offset, length }: FallocateRequest): Errno {
  if ((bits & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) !== 0) return EOPNOTSUPP;
  if (bits & FALLOC_FL_PUNCH_HOLE) return punchHugeHole(state, object, offset, length);
  const end = offset + length;
  const errno = checkNewSize(process, object, end) || (end > object.size ? checkSizeSeals(object, end) : 0);
  if (errno !== 0) return errno;
  if (!fill(state, object.huge as HugeFile, offset, end)) return ENOSPC;
  if ((bits & FALLOC_FL_KEEP_SIZE) === 0) object.size = max(object.size, end);
  return 0;
}

/** What was taken before the pool had no more stays. */
function fill(state: State, file: HugeFile, start: bigint, end: bigint): boolean {
  for (let page = start / file.pageBytes; page * file.pageBytes < end; page++) {
    if (!file.pages.has(page) && !takeForFile(state, file, page)) return false;
  }
  return true;
}

/** EPERM if it is sealed against writing. */
export function punchHugeHole(state: State, object: FileObject, offset: bigint, length: bigint): Errno {
  const { pageBytes } = object.huge as HugeFile;
  if (isWriteSealed(object)) return EPERM;
  const end = offset + length;
  const first = (offset + pageBytes - 1n) / pageBytes;
  const last = end / pageBytes;
  if (first > last) {
    zeroBytes(object, offset, end);
    return 0;
  }
  zeroBytes(object, offset, first * pageBytes);
  zeroBytes(object, last * pageBytes, end);
  const each = pageOf(pageBytes);
  dropCopies(state, object, first * each, last * each);
  removePages(object, first * each, last * each);
  loseHole(object.huge as HugeFile, first, last);
  return 0;
}
