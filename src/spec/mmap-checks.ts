/**
 * What mmap refuses about the thing that is mapped, and what of its flags goes with which kind of memory.
 *
 * Source: mmap(2); Linux mm/mmap.c do_mmap, file_mmap_ok.
 */

import { EACCES, EINVAL, EOPNOTSUPP, EOVERFLOW, EPERM } from '../errno.ts';
import {
  MAP_32BIT,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_DROPPABLE,
  MAP_EXECUTABLE,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_SYNC,
  MAP_TYPE,
  PROT_EXEC,
  PROT_WRITE,
} from '../flags.ts';
import { type Errno, low32, pageOf, pagesOf32Bits, WORD_BITS } from './arithmetic.ts';
import type { Opened } from './descriptors.ts';
import { hasSignedOffsets, isNoexec, mappingErrno } from './kinds.ts';
import { isWriteSealed } from './memfd.ts';
import { isOnNoexec } from './mounts.ts';
import type { FileObject, State } from './state.ts';

const MAP_ABOVE4G = 0x80;
/** MAP_HUGE_2MB and MAP_HUGE_1GB, which count for nothing without MAP_HUGETLB. */
const HUGE_SIZES = (21 << 26) | (30 << 26);

/** What MAP_SHARED_VALIDATE knows. MAP_SHARED ignores all else. */
const VALIDATED =
  MAP_SHARED_VALIDATE |
  (MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE) |
  (MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_ABOVE4G | HUGE_SIZES);

/** The last byte of a file that can be mapped (MAX_LFS_FILESIZE), and of what is no file. */
function objectEnd({ type }: FileObject): bigint {
  if (!hasSignedOffsets(type)) return (1n << BigInt(WORD_BITS)) - 1n;
  return WORD_BITS === 64 ? (1n << 63n) - 1n : pagesOf32Bits();
}

export interface Request {
  readonly address: bigint;
  /** In whole pages. */
  readonly length: bigint;
  readonly prot: number;
  readonly flags: bigint;
  readonly pgoff: bigint;
  /** What is mapped; undefined for anonymous memory. */
  readonly source: Opened | undefined;
}

export function checkSource(state: State, { length, pgoff, prot, flags }: Request, { file, object }: Opened): Errno {
  if (pgoff > pageOf(objectEnd(object) - length)) return EOVERFLOW;
  const type = low32(flags) & MAP_TYPE;
  if (type !== MAP_SHARED && type !== MAP_PRIVATE && type !== MAP_SHARED_VALIDATE) return EINVAL;
  const validated = object.fs === 'ext4' ? VALIDATED | MAP_SYNC : VALIDATED;
  if (type === MAP_SHARED_VALIDATE && (flags & ~BigInt(validated)) !== 0n) return EOPNOTSUPP;
  if (type !== MAP_PRIVATE && prot & PROT_WRITE && !file.writable) return EACCES;
  if (!file.readable) return EACCES;
  if ((isNoexec(object.type) || isOnNoexec(state, file)) && prot & PROT_EXEC) return EPERM;
  const unfit = mappingErrno(object.type, 'at once');
  if (unfit !== 0) return unfit;
  if (low32(flags) & MAP_GROWSDOWN) return EINVAL;
  return type !== MAP_PRIVATE && prot & PROT_WRITE && isWriteSealed(object) ? EPERM : 0;
}

export function checkAnonymous(bits: number): Errno {
  const type = bits & MAP_TYPE;
  if (type === MAP_PRIVATE) return 0;
  if (type === MAP_SHARED) return bits & MAP_GROWSDOWN ? EINVAL : 0;
  return type === MAP_DROPPABLE && (bits & (MAP_LOCKED | MAP_GROWSDOWN)) === 0 ? 0 : EINVAL;
}
