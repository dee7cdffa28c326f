/**
 * mremap(2): shrink, grow in place, move, duplicate.
 *
 *   same size, new address   every VMA of the range moves, gaps kept (since Linux 6.17)
 *   smaller                  the rest is unmapped, whatever stands there
 *   larger                   in place if the VMA ends there and room follows, else moved
 *
 * Source: Linux mm/mremap.c (check_mremap_params, check_prep_vma, mremap_to, remap_move, expand_vma).
 */

import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { MAP_FIXED, MAP_SHARED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../flags.ts';
import { offsetOf, pageOf, pagesUp, toFlags, type Word } from '../units.ts';
import { granule } from './hugetlb.ts';
import { accountPages, mayCommit, mayExpand, mayLock } from './memory-limits.ts';
import type { Mm } from './mm.ts';
import { type MoveParts, moveVma, type Remap } from './move-vma.ts';
import type { Placement } from './placement.ts';
import type { Populator } from './populate.ts';
import type { Task } from './task.ts';
import { VM_DONTEXPAND, VM_HUGETLB, VM_LOCKED, VM_MAYSHARE, VM_SEALED, VM_SHARED } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export interface MremapParts extends MoveParts {
  readonly placement: Placement;
  readonly populator: Populator;
}

/** An exact page-aligned address, or one beyond user space that is exact enough to be refused. */
function addressOf(word: Word, pageSize: number): number {
  return pageOf(word, pageSize) * pageSize + offsetOf(word, pageSize);
}

export function mremap(
  parts: MremapParts,
  task: Task,
  old: Word,
  oldLength: Word,
  newLength: Word,
  flagWord: Word,
  to: Word,
): number {
  const { pageSize, wordBits } = task.mm;
  const flags = toFlags(flagWord);
  if (offsetOf(old, pageSize) !== 0) return -EINVAL;
  const remap: Remap = {
    task,
    flags,
    address: addressOf(old, pageSize),
    oldBytes: pagesUp(oldLength, pageSize, wordBits) * pageSize,
    newBytes: pagesUp(newLength, pageSize, wordBits) * pageSize,
    target: addressOf(to, pageSize),
    locked: false,
  };
  const checked = checkArguments(parts, remap);
  if (checked < 0) return checked;
  const givesAddress = (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;
  const grown = remap.newBytes - remap.oldBytes;
  const oldBytes = remap.oldBytes;
  let result: number;
  if (flags & MREMAP_FIXED && grown === 0) result = moveAll(parts, remap);
  else result = givesAddress ? moveOne(parts, remap) : resizeAt(parts, remap);
  if (result >= 0 && grown > 0 && remap.locked)
    parts.populator.rangeIgnoringErrors(task, result + oldBytes, result + oldBytes + grown);
  return result;
}

function checkArguments(parts: MremapParts, { task, flags, address, oldBytes, newBytes, target }: Remap): number {
  const { userEnd } = parts.placement.layout;
  const { pageSize } = task.mm;
  if (flags - (flags & (MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0) return -EINVAL;
  if (newBytes === 0 || newBytes > userEnd) return -EINVAL;
  if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))) return 0;
  if (target > userEnd - newBytes || target % pageSize !== 0 || !(flags & MREMAP_MAYMOVE)) return -EINVAL;
  if (flags & MREMAP_DONTUNMAP && oldBytes !== newBytes) return -EINVAL;
  if (endOf(task.mm, address, oldBytes) > target && target + newBytes > address) return -EINVAL;
  return parts.vmaOps.hasRoomFor(task.mm, 5) ? 0 : -ENOMEM;
}

/** Where an old range ends; it is not checked and may wrap. */
function endOf({ wordBits }: Mm, address: number, bytes: number): number {
  return (address + bytes) % 2 ** wordBits;
}

/** Whether the VMA at the old address lets this happen (check_prep_vma). */
function checkVma(remap: Remap, vma: Vma | null): number {
  if (vma === null) return -EFAULT;
  if (vma.flags & VM_SEALED) return -EPERM;
  if (vma.flags & VM_HUGETLB && !alignHuge(remap, vma)) return -EINVAL;
  const { task, address, oldBytes, newBytes, flags } = remap;
  const mapsNew = newBytes > oldBytes || (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;
  if (!mapsNew) return 0;
  if (oldBytes === 0 && !(vma.flags & (VM_SHARED | VM_MAYSHARE))) return -EINVAL;
  if (flags & MREMAP_DONTUNMAP && vma.flags & VM_DONTEXPAND) return -EINVAL;
  if (Math.min(oldBytes, newBytes) > vma.end - address) return -EFAULT;
  if (newBytes <= oldBytes) return 0;
  if (vma.flags & VM_DONTEXPAND) return -EFAULT;
  const grown = (newBytes - oldBytes) / task.mm.pageSize;
  if (vma.indexAt(address) + newBytes / task.mm.pageSize >= 2 ** task.mm.wordBits) return -EINVAL;
  if (!mayLock(task, vma.flags, grown)) return -EAGAIN;
  return mayExpand(task, vma.flags, grown) ? 0 : -ENOMEM;
}

/** Lengths are rounded up to huge pages, addresses must fit, and nothing grows. */
function alignHuge(remap: Remap, vma: Vma): boolean {
  const bytes = granule(vma);
  remap.oldBytes = Math.ceil(remap.oldBytes / bytes) * bytes;
  remap.newBytes = Math.ceil(remap.newBytes / bytes) * bytes;
  return remap.address % bytes === 0 && remap.target % bytes === 0 && remap.newBytes <= remap.oldBytes;
}

function resizeAt(parts: MremapParts, remap: Remap): number {
  const { task, address } = remap;
  const vma = task.mm.vmas.containing(address);
  const checked = checkVma(remap, vma);
  if (checked < 0 || vma === null) return checked;
  const { oldBytes, newBytes } = remap;
  if (newBytes === oldBytes) return address;
  if (newBytes < oldBytes) {
    const result = cutOff(parts, remap);
    return result < 0 ? result : address;
  }
  return expand(parts, remap, vma);
}

/** Unmaps what the new size leaves out, as munmap would. */
function cutOff(parts: MremapParts, { task, address, oldBytes, newBytes }: Remap): number {
  if (oldBytes > parts.placement.layout.userEnd - address) return -EINVAL;
  return parts.unmapper.unmap(task.mm, address + newBytes, address + oldBytes);
}

function expand(parts: MremapParts, remap: Remap, vma: Vma): number {
  const { task, address, oldBytes, newBytes } = remap;
  if (address + oldBytes === vma.end && canGrowInPlace(parts, task.mm, vma, newBytes - oldBytes)) {
    return growInPlace(parts, remap, vma);
  }
  if (!(remap.flags & MREMAP_MAYMOVE)) return -ENOMEM;
  remap.target = 0;
  const placed = place(parts, remap, vma);
  return placed < 0 ? placed : moveVma(parts, remap, vma);
}

function canGrowInPlace(parts: MremapParts, mm: Mm, vma: Vma, grown: number): boolean {
  const end = vma.end + grown;
  if (vma.next !== null && vma.next.start < end) return false;
  return parts.placement.find(mm, null, vma.start, end - vma.start, 0, MAP_FIXED) >= 0;
}

function growInPlace(parts: MremapParts, remap: Remap, vma: Vma): number {
  const { task, address, oldBytes, newBytes } = remap;
  const { end, flags } = vma;
  const grown = newBytes - oldBytes;
  if (!mayCommit(task.mm, flags, grown / task.mm.pageSize)) return -ENOMEM;
  const range = {
    start: end,
    end: end + grown,
    flags,
    pgoff: vma.indexAt(end),
    file: vma.file,
    anonVma: vma.anonVma,
    copiedFrom: null,
  };
  if (parts.vmaOps.mergeNewRange(task.mm, range, null) === null) return -ENOMEM;
  accountPages(task.mm, flags, grown / task.mm.pageSize);
  remap.locked = (flags & VM_LOCKED) !== 0;
  return address;
}

/** Chooses the new address; it or a negative errno. */
function place(parts: MremapParts, remap: Remap, vma: Vma): number {
  const flags = (remap.flags & MREMAP_FIXED ? MAP_FIXED : 0) | (vma.flags & VM_MAYSHARE ? MAP_SHARED : 0);
  const found = parts.placement.find(
    remap.task.mm,
    vma.file,
    remap.target,
    remap.newBytes,
    vma.indexAt(remap.address),
    flags,
  );
  if (found >= 0) remap.target = found;
  return found;
}

/** To an address that is given (FIXED) or suggested (DONTUNMAP), with a new size perhaps. */
function moveOne(parts: MremapParts, remap: Remap): number {
  const vma = remap.task.mm.vmas.containing(remap.address);
  const checked = checkVma(remap, vma);
  return checked < 0 || vma === null ? checked : moveTo(parts, remap, vma);
}

function moveTo(parts: MremapParts, remap: Remap, first: Vma): number {
  const { mm } = remap.task;
  let vma: Vma | null = first;
  if (remap.flags & MREMAP_FIXED) {
    const result = parts.unmapper.unmap(mm, remap.target, remap.target + remap.newBytes);
    if (result < 0) return result;
    vma = mm.vmas.containing(remap.address);
    if (vma === null) return -EFAULT;
  }
  if (remap.newBytes < remap.oldBytes) {
    const result = cutOff(parts, remap);
    if (result < 0) return result;
    remap.oldBytes = remap.newBytes;
    vma = mm.vmas.containing(remap.address) as Vma;
  }
  if (remap.flags & MREMAP_DONTUNMAP && !mayExpand(remap.task, vma.flags, remap.oldBytes / mm.pageSize)) return -ENOMEM;
  const placed = place(parts, remap, vma);
  return placed < 0 ? placed : moveVma(parts, remap, vma);
}

/** Same size, new address: every VMA of the range moves, with the gaps between them. */
function moveAll(parts: MremapParts, remap: Remap): number {
  const { task, address } = remap;
  const end = address + remap.oldBytes;
  let first = -EFAULT;
  let next = remap.target;
  for (let va = address; va < end; ) {
    const vma = task.mm.vmas.find(va);
    if (vma === null || vma.start >= end) break;
    if (first < 0 && address < vma.start) return -EFAULT;
    if (movesAlone(vma) && (first >= 0 || vma.end < end)) return -EFAULT;
    const from = Math.max(vma.start, va);
    const bytes = Math.min(end, vma.end) - from;
    const part: Remap = {
      ...remap,
      address: from,
      oldBytes: bytes,
      newBytes: bytes,
      target: next + (first < 0 ? 0 : from - va),
    };
    const checked = checkVma(part, vma);
    if (checked < 0) return checked;
    const moved = moveTo(parts, part, vma);
    if (moved < 0) return moved;
    if (first < 0) first = moved;
    next = moved + bytes;
    va = from + bytes;
  }
  return first;
}

/**
 * Attachments of System V segments and mappings of /dev/zero choose their own places: not one of several. Huge pages are known to
 * stay where they are told to, in a segment too (vma_multi_allowed).
 */
function movesAlone({ file, flags }: Vma): boolean {
  if (file === null || flags & VM_HUGETLB) return false;
  return file.attachments !== null || file.inode.kind === 'zero';
}
