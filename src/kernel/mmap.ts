/**
 * mmap(2).
 *
 * The checks stand in the kernel's order, since the first that fails decides the errno. What the
 * new range replaces is unmapped before limits are checked for it.
 * Source: Linux mm/mmap.c ksys_mmap_pgoff, do_mmap; mm/vma.c mmap_region.
 */

import { EACCES, EAGAIN, EBADF, EEXIST, EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW, EPERM } from '../errno.ts';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_STACK,
  MAP_SYNC,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../flags.ts';
import {
  hugeSizeLog,
  isZero,
  offsetOf,
  pageOf,
  pageStart,
  pagesUp,
  registerEnd,
  toFlags,
  toInt,
  toSignedRegister,
  type Word,
} from '../units.ts';
import { TRAITS } from './file-kinds.ts';
import type { HugePool } from './huge-pool.ts';
import { type Hugetlb, reserveForMapping } from './hugetlb.ts';
import { accountPages, canLock, mayCommit, mayExpand, mayLock, pagesMapped } from './memory-limits.ts';
import type { Mm } from './mm.ts';
import { checkAnonymous, checkFile, type Request } from './mmap-checks.ts';
import type { OpenFile } from './open-file.ts';
import type { Placement } from './placement.ts';
import type { Populator } from './populate.ts';
import { deniesExec, mergeableFlag } from './prctl.ts';
import type { SharedMemory } from './shared-memory.ts';
import type { Task } from './task.ts';
import type { Unmapper } from './unmap.ts';
import {
  VM_ACCOUNT,
  VM_DONTEXPAND,
  VM_DROPPABLE,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKED_MASK,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_READ,
  VM_SHARED,
  VM_SYNC,
  VM_WRITE,
} from './vm-flags.ts';
import { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface MmapParts {
  readonly vmaOps: VmaOps;
  readonly placement: Placement;
  readonly unmapper: Unmapper;
  readonly populator: Populator;
  readonly sharedMemory: SharedMemory;
  readonly hugetlb: Hugetlb;
}

export function mmap(
  parts: MmapParts,
  task: Task,
  address: Word,
  length: Word,
  prot: Word,
  flags: Word,
  fd: Word,
  offset: Word,
): number {
  const { pageSize, wordBits } = task.mm;
  const pgoff = pageStart(offset, pageSize) / pageSize;
  // The page offset is an unsigned long (mmap2); what does not fit the C library refuses.
  if (pgoff < 0 || pgoff >= registerEnd(wordBits)) return -EINVAL;
  const mapFlags = toFlags(flags);
  const file = mapFlags & MAP_ANONYMOUS ? null : task.files.usable(toInt(fd));
  if (file === null && !(mapFlags & MAP_ANONYMOUS)) return -EBADF;
  const huge = file?.inode.huge ?? null;
  if (file !== null && huge === null && mapFlags & MAP_HUGETLB) return -EINVAL;
  const pool = file === null && mapFlags & MAP_HUGETLB ? parts.hugetlb.pools.ofSize(hugeSizeLog(flags)) : huge?.pool;
  if (pool === null) return -EINVAL;
  const granule = pool?.bytes ?? pageSize;
  const units = pagesUp(length, granule, wordBits);
  if (units === 0) return isZero(length) || pool !== undefined ? -EINVAL : -ENOMEM;
  const pages = (units * granule) / pageSize;
  if (pgoff + pages >= registerEnd(wordBits)) return -EOVERFLOW;
  const fixed = (mapFlags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0;
  const request: Request = {
    task,
    prot: toFlags(prot),
    flags: fixed && !(mapFlags & MAP_FIXED) ? mapFlags + MAP_FIXED : mapFlags,
    file,
    address: fixed ? fixedAddress(address, task.mm) : hintOf(parts, address, pageSize),
    length: pages * pageSize,
    pages,
    pgoff,
    vmFlags: 0,
  };
  return pool === undefined || file !== null ? doMmap(parts, request) : mapHugeMemory(parts, request, pool);
}

/** MAP_ANONYMOUS with MAP_HUGETLB: a file of huge pages without a name. */
function mapHugeMemory(parts: MmapParts, request: Request, pool: HugePool): number {
  const made = parts.hugetlb.make(pool, 'anon_hugepage', request.length, 'noreserve');
  if (typeof made === 'number') return made;
  request.file = made;
  const result = doMmap(parts, request);
  parts.sharedMemory.drop(made);
  return result;
}

/** The last 4095 addresses are error numbers inside the kernel, and come back as such (IS_ERR_VALUE). */
function fixedAddress(address: Word, { pageSize, wordBits }: Mm): number {
  const signed = toSignedRegister(address, wordBits);
  if (signed < 0n && signed >= -4095n) return Number(signed);
  return pageOf(address, pageSize) * pageSize + offsetOf(address, pageSize);
}

/**
 * Maps `length` bytes (whole pages) of a file at page `pgoff`, on behalf of a call other than mmap: at `address` with
 * MAP_FIXED among the MAP_* `flags`, anywhere without. The address, or a negative errno as mmap would give it.
 */
export function mapFile(
  parts: MmapParts,
  task: Task,
  file: OpenFile,
  address: number,
  length: number,
  prot: number,
  flags: number,
  pgoff: number,
): number {
  const pages = length / task.mm.pageSize;
  return doMmap(parts, { task, prot, flags, file, address, length, pages, pgoff, vmFlags: 0 });
}

/** A hint is rounded down to a page, and up to the lowest address that is chosen. */
function hintOf(parts: MmapParts, address: Word, pageSize: number): number {
  const hint = pageOf(address, pageSize) * pageSize;
  return hint === 0 ? 0 : Math.max(hint, parts.placement.layout.placedMin);
}

function doMmap(parts: MmapParts, request: Request): number {
  const { task, file, length, flags } = request;
  if (parts.vmaOps.exceedsMax(task.mm)) return -ENOMEM;
  request.vmFlags =
    protFlags(request.prot) | flagBits(flags) | task.mm.defaultFlags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
  if (file !== null && file.inode.huge !== null) request.vmFlags |= VM_HUGETLB | VM_DONTEXPAND;
  const placed = parts.placement.find(task.mm, file, request.address, length, file === null ? 0 : request.pgoff, flags);
  if (placed < 0) return placed;
  request.address = placed;
  if (flags & MAP_FIXED_NOREPLACE && task.mm.vmas.intersecting(placed, placed + length) !== null) return -EEXIST;
  if (flags & MAP_LOCKED && !canLock(task)) return -EPERM;
  if (!mayLock(task, request.vmFlags, request.pages)) return -EAGAIN;
  const checked = file === null ? checkAnonymous(request) : checkFile(request, file);
  if (checked < 0) return checked;
  if (flags & MAP_NORESERVE && (task.mm.commitments.honoursNoReserve || request.vmFlags & VM_HUGETLB))
    request.vmFlags |= VM_NORESERVE;
  // What may be dropped is not locked, yet it is filled as if it were.
  const populate = (request.vmFlags & VM_LOCKED) !== 0 || (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
  const result = mapRegion(parts, request);
  if (result < 0) return result;
  if (populate) parts.populator.rangeIgnoringErrors(task, result, result + length);
  return result;
}

/** VM_READ, VM_WRITE and VM_EXEC of PROT_* bits. */
export function protFlags(prot: number): number {
  return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0);
}

function flagBits(flags: number): number {
  return (
    (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) |
    (flags & MAP_LOCKED ? VM_LOCKED : 0) |
    (flags & MAP_SYNC ? VM_SYNC : 0) |
    (flags & MAP_STACK ? VM_NOHUGEPAGE : 0)
  );
}

/** Replaces what stands in the range and enters the new mapping; its address or a negative errno. */
function mapRegion(parts: MmapParts, request: Request): number {
  const { task, address, length, pages } = request;
  const { mm } = task;
  if (deniesExec(mm, request.vmFlags, request.vmFlags)) return -EACCES;
  request.vmFlags |= mergeableFlag(mm, request.vmFlags);
  const end = address + length;
  // A place that was chosen is free.
  const first = request.flags & MAP_FIXED ? mm.vmas.intersecting(address, end) : null;
  if (first === null) return mayGrow(request, pages, pages) ? mapEmptied(parts, request) : -ENOMEM;
  // A mapping that the limits refuse has cut those in its way by then.
  const inside = parts.unmapper.cut(first, address, end);
  if (typeof inside === 'number') return inside;
  const more = pages - pagesMapped(inside, end, 0);
  if (!mayGrow(request, more, pages - pagesMapped(inside, end, VM_ACCOUNT))) return -ENOMEM;
  const replaced = hugeFilesIn(inside, end);
  for (const file of replaced) file.refs++;
  parts.unmapper.remove(inside, address, end);
  const mapped = mapEmptied(parts, request);
  for (const file of replaced) parts.sharedMemory.drop(file);
  return mapped;
}

/** The limits allow `pages` more, and `committed` more that count as promised if the mapping does, which is noted in it. */
function mayGrow(request: Request, pages: number, committed: number): boolean {
  if (!mayExpand(request.task, request.vmFlags, pages)) return false;
  const counts = VM_NORESERVE | VM_SHARED | VM_WRITE | VM_HUGETLB;
  if ((request.vmFlags & counts) === VM_WRITE) request.vmFlags |= VM_ACCOUNT;
  return mayCommit(request.task.mm, request.vmFlags, committed);
}

/** Files of huge pages that are mapped from `first` to `end`: they are let go when the new mapping is there, and not before it is reserved for. */
function hugeFilesIn(first: Vma, end: number): readonly OpenFile[] {
  let files = NO_FILES;
  for (let vma: Vma | null = first; vma !== null && vma.start < end; vma = vma.next)
    if (vma.flags & VM_HUGETLB && vma.file !== null) files = [...files, vma.file];
  return files;
}

const NO_FILES: readonly OpenFile[] = [];

/** Makes the new mapping where nothing is any more; its address or a negative errno. */
function mapEmptied(parts: MmapParts, request: Request): number {
  if (request.file !== null || request.vmFlags & VM_SHARED) return mapObject(parts, request);
  enter(parts, request, null);
  return request.address;
}

/** `mapEmptied` of a file or of shared memory. */
function mapObject(parts: MmapParts, request: Request): number {
  const { task, address, pages } = request;
  const refused = request.file === null ? 0 : refusedByFile(request, request.file);
  if (refused < 0) return refused;
  const huge = request.file?.inode.huge ?? null;
  // What a System V segment needs was kept for it when it was made.
  const asks = request.vmFlags | (request.file?.attachments ? VM_NORESERVE : 0);
  const kept = huge === null ? null : reserveForMapping(huge, request.pgoff, pages, asks);
  if (typeof kept === 'number') return kept;
  const promised = request.vmFlags & VM_NORESERVE ? 0 : pages;
  // Shared memory without a name, and each shared mapping of /dev/zero, is an object of its own.
  const isMemory = request.file === null || TRAITS[request.file.inode.kind].mapping === 'memory';
  const made = isMemory && request.vmFlags & VM_SHARED ? parts.sharedMemory.anonymous(task.mm, pages, promised) : null;
  if (typeof made === 'number') return made;
  const vma = enter(parts, request, made ?? request.file);
  if (huge !== null) vma.hugeReservation = kept;
  if (huge !== null && request.vmFlags & VM_WRITE) growWithMapping(request);
  noteMapped(request, vma);
  if (made !== null) parts.sharedMemory.drop(made);
  return address;
}

/** Enters the new mapping, of `file` or of none, into the address space. */
function enter(parts: MmapParts, request: Request, file: OpenFile | null): Vma {
  const { address, length, vmFlags, pgoff, pages } = request;
  const { mm } = request.task;
  const vma = parts.vmaOps.mapNew(new Vma(mm, address, address + length, vmFlags, pgoff, file));
  // Neither what may be dropped nor a huge page is locked, but that is found when it has joined its neighbours, or has not.
  if (vma.flags & (VM_DROPPABLE | VM_HUGETLB)) vma.flags &= ~VM_LOCKED_MASK;
  accountPages(mm, vma.flags, pages);
  return vma;
}

/** Mapping counts as reading: on ext4 always (its mmap_prepare), on tmpfs (its mmap) only if no other VMA took the range over. */
function noteMapped({ file, address, length }: Request, { start, end }: Vma): void {
  if (file?.inode.kind !== 'regular') return;
  const isNew = start === address && end === address + length;
  if (isNew || !file.inode.fs.swapBacked) file.noteAccess();
}

/** A mapping that may be written makes a file of huge pages as long as itself. */
function growWithMapping({ file, pgoff, pages }: Request): void {
  const inode = file?.inode;
  if (inode !== undefined && inode.endPage < pgoff + pages) inode.setSize(pgoff + pages, 0);
}

/** What the file itself refuses: asked only now, with the range already empty. */
function refusedByFile({ flags }: Request, { inode, attachments }: OpenFile): number {
  // What the range was emptied of may have been the last of a System V segment.
  if (attachments?.isDestroyed) return -EINVAL;
  const { mapping } = TRAITS[inode.kind];
  if (typeof mapping === 'object') return -mapping.refuses;
  return flags & MAP_SYNC && inode.kind === 'regular' && !inode.fs.swapBacked ? -EOPNOTSUPP : 0;
}
