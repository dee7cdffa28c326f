/**
 * What may be mapped: the checks of mmap that come after the place is found, of a file and of memory.
 *
 * Each gives 0 or a negative errno and notes in the request what the kind of mapping may become.
 * Source: Linux mm/mmap.c do_mmap, file_mmap_ok.
 */

import { EACCES, EINVAL, ENODEV, EOPNOTSUPP, EOVERFLOW, EPERM } from '../errno.ts';
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_WRITE,
  MAP_32BIT,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_DROPPABLE,
  MAP_EXECUTABLE,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_HUGE_1GB,
  MAP_HUGE_2MB,
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
  PROT_WRITE,
} from '../flags.ts';
import { wrapPages } from '../units.ts';
import { TRAITS } from './file-kinds.ts';
import type { OpenFile } from './open-file.ts';
import type { Task } from './task.ts';
import {
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_MAYEXEC,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NORESERVE,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from './vm-flags.ts';

/** One mapping under way: the request in exact numbers, and what the checks made of it. */
export interface Request {
  readonly task: Task;
  readonly prot: number;
  flags: number;
  file: OpenFile | null;
  address: number;
  readonly length: number;
  readonly pages: number;
  pgoff: number;
  vmFlags: number;
}

/** Flags that MAP_SHARED_VALIDATE accepts: those that existed before it. */
const LEGACY_FLAGS =
  MAP_SHARED |
  MAP_PRIVATE |
  MAP_FIXED |
  MAP_ANONYMOUS |
  MAP_DENYWRITE |
  MAP_EXECUTABLE |
  MAP_GROWSDOWN |
  MAP_LOCKED |
  MAP_NORESERVE |
  MAP_POPULATE |
  MAP_NONBLOCK |
  MAP_STACK |
  MAP_HUGETLB |
  MAP_HUGE_2MB |
  MAP_HUGE_1GB |
  MAP_32BIT;

/**
 * Offsets of a file end at 2^63 - 1 (with 32 bits at as many pages as an unsigned long counts), of a device where an unsigned
 * long does.
 */
function fitsInFile({ pgoff, pages, task }: Request, { inode }: OpenFile): boolean {
  const { pageSize, wordBits } = task.mm;
  const largest = wordBits === 64 ? 2 ** 63 / pageSize : 2 ** 32;
  return pgoff < (TRAITS[inode.kind].offsetsAreSigned ? largest : wrapPages(pageSize, wordBits)) - pages;
}

export function checkFile(request: Request, file: OpenFile): number {
  const { mapping } = TRAITS[file.inode.kind];
  if (!fitsInFile(request, file)) return -EOVERFLOW;
  const type = request.flags & MAP_TYPE;
  if (type === MAP_SHARED || type === MAP_SHARED_VALIDATE) {
    if (type === MAP_SHARED_VALIDATE && request.flags - (request.flags & knownFlags(file)) !== 0) return -EOPNOTSUPP;
    if (request.prot & PROT_WRITE && !file.writable) return -EACCES;
    request.vmFlags |= VM_SHARED | VM_MAYSHARE;
    if (!file.writable) request.vmFlags &= ~(VM_MAYWRITE | VM_SHARED);
  } else if (type !== MAP_PRIVATE) return -EINVAL;
  if (!file.readable) return -EACCES;
  if (file.isNoexec) {
    if (request.vmFlags & VM_EXEC) return -EPERM;
    request.vmFlags &= ~VM_MAYEXEC;
  }
  if (mapping === 'none') return -ENODEV;
  if (request.vmFlags & VM_GROWSDOWN) return -EINVAL;
  return checkSeals(request, file);
}

/** ext4 knows MAP_SYNC, if only to refuse it later. */
function knownFlags({ inode }: OpenFile): number {
  return inode.kind === 'regular' && !inode.fs.swapBacked ? LEGACY_FLAGS | MAP_SYNC : LEGACY_FLAGS;
}

/** A sealed memory file is not mapped shared and writable, nor may it become so. */
function checkSeals(request: Request, file: OpenFile): number {
  if (!(file.inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) || !(request.vmFlags & VM_SHARED)) return 0;
  if (request.vmFlags & VM_WRITE) return -EPERM;
  request.vmFlags &= ~VM_MAYWRITE;
  return 0;
}

export function checkAnonymous(request: Request): number {
  const type = request.flags & MAP_TYPE;
  if (type === MAP_SHARED) {
    if (request.vmFlags & VM_GROWSDOWN) return -EINVAL;
    request.pgoff = 0;
    request.vmFlags |= VM_SHARED | VM_MAYSHARE;
    return 0;
  }
  if (type === MAP_DROPPABLE) {
    if (request.flags & (MAP_LOCKED | MAP_HUGETLB) || request.vmFlags & VM_GROWSDOWN) return -EINVAL;
    request.vmFlags |= VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
  } else if (type !== MAP_PRIVATE) return -EINVAL;
  request.pgoff = request.address / request.task.mm.pageSize;
  return 0;
}
