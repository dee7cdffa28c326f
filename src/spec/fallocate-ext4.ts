/**
 * What fallocate does on ext4, and holes on either file system.
 *
 * Source: Linux fs/ext4/extents.c, fs/ext4/inode.c ext4_punch_hole.
 */

import { EFBIG, EINVAL, ENOSPC, EOPNOTSUPP, EPERM } from '../errno.ts';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
} from '../flags.ts';
import { addressOf, type Errno, isAligned, pageOf, pagesOf } from './arithmetic.ts';
import { checkNewSize, maxBytes, writeBack, zeroBehindEnd } from './file-sizes.ts';
import { isWriteSealed } from './memfd.ts';
import { dropCopies, pagesBetween, removePages, zeroBytes } from './objects.ts';
import { shifted, withRange } from './page-ranges.ts';
import type { FileObject, Process, State } from './state.ts';

const EXT4_MODES =
  FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE;

export interface FallocateRequest {
  readonly state: State;
  readonly process: Process;
  readonly object: FileObject;
  /** FALLOC_FL_ */
  readonly bits: number;
  readonly offset: bigint;
  readonly length: bigint;
}

/** Whether ext4 has these FALLOC_FL_ at all. */
export function isModeOfExt4(bits: number): boolean {
  return (bits & ~EXT4_MODES) === 0;
}

export function onExt4(request: FallocateRequest): Errno {
  const { object, bits, offset, length } = request;
  switch (bits & ~FALLOC_FL_KEEP_SIZE) {
    case 0:
      return allocate(request);
    case FALLOC_FL_PUNCH_HOLE:
      return punchHole(object, offset, length);
    case FALLOC_FL_ZERO_RANGE:
      return zeroRange(request);
    case FALLOC_FL_COLLAPSE_RANGE:
      return collapse(request);
    case FALLOC_FL_INSERT_RANGE:
      return insert(request);
    default:
      return EOPNOTSUPP;
  }
}

/**
 * MADV_REMOVE, and PUNCH_HOLE after its checks. On ext4 a hole that reaches beyond the end of the file ends with the
 * page that the file ends in, and none begins behind the end.
 */
export function punchHole(object: FileObject, offset: bigint, length: bigint): Errno {
  if (offset + length > maxBytes(object)) return EFBIG;
  if (isWriteSealed(object)) return EPERM;
  if (object.fs === 'ext4' && offset >= object.size) return 0;
  const reachesOut = object.fs === 'ext4' && offset + length > object.size;
  const end = reachesOut ? addressOf(pagesOf(object.size)) : offset + length;
  zeroBytes(object, offset, end);
  removePages(object, pagesOf(offset), pageOf(end));
  return 0;
}

function allocate({ state, process, object, bits, offset, length }: FallocateRequest): Errno {
  const end = offset + length;
  if (pageOf(length) > state.layout.diskPages) return ENOSPC;
  if ((bits & FALLOC_FL_KEEP_SIZE) === 0) {
    const errno = checkNewSize(process, object, end);
    if (errno !== 0) return errno;
    extend(object, end);
  }
  object.reserved = withRange(object.reserved, pageOf(offset), pagesOf(end));
  return 0;
}

function extend(object: FileObject, end: bigint): void {
  if (end <= object.size) return;
  zeroBehindEnd(object, end);
  object.size = end;
}

function zeroRange(request: FallocateRequest): Errno {
  const { object, offset, length } = request;
  const end = offset + length;
  const errno = allocate(request);
  if (errno !== 0) return errno;
  zeroBytes(object, offset, end);
  for (const page of pagesBetween(object, pagesOf(offset), pageOf(end))) object.pages.delete(page);
  return 0;
}

/** In whole pages, and not up to the end of the file. */
function collapse({ state, object, offset, length }: FallocateRequest): Errno {
  if (!isAligned(offset) || !isAligned(length) || offset + length >= object.size) return EINVAL;
  writeBack(object, 0n, object.size);
  dropCopies(state, object, pageOf(offset));
  removePages(object, pageOf(offset), pageOf(offset + length));
  shiftPages(object, pageOf(offset + length), -pageOf(length));
  object.size -= length;
  return 0;
}

/** In whole pages, and not at the end of the file. */
function insert({ state, object, offset, length }: FallocateRequest): Errno {
  if (!isAligned(offset) || !isAligned(length) || offset >= object.size) return EINVAL;
  if (length > maxBytes(object) - object.size) return EFBIG;
  writeBack(object, 0n, object.size);
  dropCopies(state, object, pageOf(offset));
  shiftPages(object, pageOf(offset), pageOf(length));
  object.size += length;
  return 0;
}

/** Renumbers the pages from `first` on. */
function shiftPages(object: FileObject, first: bigint, distance: bigint): void {
  const moved = pagesBetween(object, first, 1n << 52n).map((page) => [page, object.pages.get(page)] as const);
  for (const [page] of moved) object.pages.delete(page);
  for (const [page, bytes] of moved) if (bytes) object.pages.set(page + distance, bytes);
  object.reserved = shifted(object.reserved, first, distance);
}
