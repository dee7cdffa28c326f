/**
 * madvise(2).
 *
 * Advice is checked before the range; holes are skipped and remembered; an error of one VMA ends
 * the walk at once and wins.
 * Source: Linux mm/madvise.c.
 */

import { EACCES, EAGAIN, EFAULT, EINVAL, EMFILE, ENOMEM, EPERM, ESRCH } from '../errno.ts';
import * as F from '../flags.ts';
import { ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import {
  isZero,
  offsetOf,
  pageOf,
  pagesUp,
  toCount,
  toFlags,
  toInt,
  toSigned,
  toUnsigned,
  type Word,
  wrapPages,
} from '../units.ts';
import { type CollapseParts, collapse } from './collapse.ts';
import { granule } from './hugetlb.ts';
import {
  dropRange,
  freeLazily,
  installGuards,
  type PageAdviceParts,
  removeGuards,
  removeRange,
  willNeed,
} from './madvise-pages.ts';
import type { Placement } from './placement.ts';
import type { Populator } from './populate.ts';
import type { Task } from './task.ts';
import * as V from './vm-flags.ts';
import type { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface MadviseParts extends PageAdviceParts, CollapseParts {
  readonly vmaOps: VmaOps;
  readonly populator: Populator;
  readonly placement: Placement;
}

/** Advice that sets and clears VM_* flags: [clear, set]. */
const FLAG_ADVICE: ReadonlyMap<number, readonly [number, number]> = new Map([
  [F.MADV_NORMAL, [V.VM_RAND_READ | V.VM_SEQ_READ, 0]],
  [F.MADV_RANDOM, [V.VM_SEQ_READ, V.VM_RAND_READ]],
  [F.MADV_SEQUENTIAL, [V.VM_RAND_READ, V.VM_SEQ_READ]],
  [F.MADV_DONTFORK, [0, V.VM_DONTCOPY]],
  [F.MADV_DOFORK, [V.VM_DONTCOPY, 0]],
  [F.MADV_WIPEONFORK, [0, V.VM_WIPEONFORK]],
  [F.MADV_KEEPONFORK, [V.VM_WIPEONFORK, 0]],
  [F.MADV_DONTDUMP, [0, V.VM_DONTDUMP]],
  [F.MADV_DODUMP, [V.VM_DONTDUMP, 0]],
  [F.MADV_HUGEPAGE, [V.VM_NOHUGEPAGE, V.VM_HUGEPAGE]],
  [F.MADV_NOHUGEPAGE, [V.VM_HUGEPAGE, V.VM_NOHUGEPAGE]],
  [F.MADV_MERGEABLE, [0, V.VM_MERGEABLE]],
  [F.MADV_UNMERGEABLE, [V.VM_MERGEABLE, 0]],
]);

const PAGE_ADVICE: ReadonlySet<number> = new Set([
  F.MADV_WILLNEED,
  F.MADV_DONTNEED,
  F.MADV_DONTNEED_LOCKED,
  F.MADV_FREE,
  F.MADV_REMOVE,
  F.MADV_COLD,
  F.MADV_PAGEOUT,
  F.MADV_POPULATE_READ,
  F.MADV_POPULATE_WRITE,
  F.MADV_GUARD_INSTALL,
  F.MADV_GUARD_REMOVE,
  F.MADV_COLLAPSE,
]);

export function madvise(parts: MadviseParts, task: Task, address: Word, length: Word, adviceWord: Word): number {
  const { pageSize, wordBits } = task.mm;
  const advice = toInt(adviceWord);
  if (!FLAG_ADVICE.has(advice) && !PAGE_ADVICE.has(advice)) return -EINVAL;
  if (offsetOf(address, pageSize) !== 0) return -EINVAL;
  const startPage = pageOf(address, pageSize);
  const pages = pagesUp(length, pageSize, wordBits);
  if (pages === 0 && !isZero(length)) return -EINVAL;
  if (startPage + pages >= wrapPages(pageSize, wordBits)) return -EINVAL;
  if (pages === 0) return 0;
  const start = startPage * pageSize;
  const end = start + pages * pageSize;
  if (advice === F.MADV_POPULATE_READ) return parts.populator.advise(task, start, end, ACCESS_READ);
  if (advice === F.MADV_POPULATE_WRITE) return parts.populator.advise(task, start, end, ACCESS_WRITE);
  return walk(parts, task, start, end, advice);
}

/** What may be said of another process's memory, by those with CAP_SYS_NICE. */
const REMOTE_ADVICE: ReadonlySet<number> = new Set([F.MADV_COLD, F.MADV_PAGEOUT, F.MADV_WILLNEED, F.MADV_COLLAPSE]);

/** What one range may be long at most; more is cut off. */
const RANGE_MAX = 0x7ffff000;

/** process_madvise(2) with one range: its bytes, or a negative errno. Nobody has the privilege to advise others. */
export function processMadvise(
  parts: MadviseParts,
  task: Task,
  other: Task | null,
  address: Word,
  length: Word,
  advice: Word,
  flags: Word,
): number {
  // The process is named by a descriptor (pidfd_open) that is opened for the call.
  if (task.files.lowestFree(0, task.limits.soft(F.RLIMIT_NOFILE)) < 0) return -EMFILE;
  if (toFlags(flags) % 2 ** 32 !== 0 || toSigned(length) < 0n) return -EINVAL;
  const bytes = Math.min(toCount(length), RANGE_MAX);
  if (toUnsigned(address) + BigInt(bytes) > BigInt(parts.placement.layout.userEnd)) return -EFAULT;
  // A process goes by its first thread, and has memory as long as that one lives.
  if (other === null || other.exited || other.id !== other.group.id) return -ESRCH;
  if (other.mm !== task.mm) return REMOTE_ADVICE.has(toInt(advice)) ? -EPERM : -EINVAL;
  if (bytes === 0) return 0;
  const result = madvise(parts, task, address, bytes, advice);
  return result < 0 ? result : bytes;
}

function walk(parts: MadviseParts, task: Task, start: number, end: number, advice: number): number {
  let hole = 0;
  let va = start;
  while (va < end) {
    const vma = task.mm.vmas.find(va);
    if (vma === null) return -ENOMEM;
    if (va < vma.start) {
      hole = -ENOMEM;
      va = vma.start;
      if (va >= end) break;
    }
    const stop = Math.min(vma.end, end);
    const result = adviseVma(parts, vma, va, stop, advice);
    if (result < 0) return result;
    va = stop;
  }
  return hole;
}

function adviseVma(parts: MadviseParts, vma: Vma, start: number, end: number, advice: number): number {
  if (sealForbids(vma, advice)) return -EPERM;
  const flagAdvice = FLAG_ADVICE.get(advice);
  if (flagAdvice !== undefined) return changeFlags(parts, vma, start, end, advice, flagAdvice);
  switch (advice) {
    case F.MADV_WILLNEED:
      return willNeed(parts, vma, start, end);
    case F.MADV_DONTNEED:
    case F.MADV_DONTNEED_LOCKED:
      if (advice === F.MADV_DONTNEED && vma.flags & V.VM_LOCKED) return -EINVAL;
      return vma.flags & V.VM_HUGETLB ? dropHugePages(parts, vma, start, end) : dropRange(parts, vma, start, end);
    case F.MADV_FREE:
      if (vma.flags & V.VM_LOCKED || !vma.isAnonymous) return -EINVAL;
      return freeLazily(parts, vma, start, end);
    case F.MADV_COLD:
    case F.MADV_PAGEOUT:
      return vma.flags & (V.VM_LOCKED | V.VM_HUGETLB) ? -EINVAL : 0;
    case F.MADV_COLLAPSE:
      return collapse(parts, vma, start, end);
    case F.MADV_REMOVE:
      return remove(vma, start, end);
    case F.MADV_GUARD_INSTALL:
      return vma.flags & (V.VM_LOCKED | V.VM_SPECIAL) ? -EINVAL : installGuards(parts, vma, start, end);
    default:
      return vma.flags & (V.VM_SPECIAL_MAPPING | V.VM_HUGETLB) ? -EINVAL : removeGuards(parts, vma, start, end);
  }
}

const DISCARDING: ReadonlySet<number> = new Set([
  F.MADV_FREE,
  F.MADV_DONTNEED,
  F.MADV_DONTNEED_LOCKED,
  F.MADV_REMOVE,
  F.MADV_DONTFORK,
  F.MADV_WIPEONFORK,
  F.MADV_GUARD_INSTALL,
]);

/** Sealed memory without a file that cannot be written must not lose its contents either. */
function sealForbids(vma: Vma, advice: number): boolean {
  if (!(vma.flags & V.VM_SEALED) || !DISCARDING.has(advice)) return false;
  return vma.isAnonymous && !(vma.flags & V.VM_WRITE);
}

function remove(vma: Vma, start: number, end: number): number {
  if (vma.flags & V.VM_LOCKED || vma.file === null) return -EINVAL;
  const sharedMayWrite = (vma.flags & (V.VM_SHARED | V.VM_MAYWRITE)) === (V.VM_SHARED | V.VM_MAYWRITE);
  return sharedMayWrite ? removeRange(vma.file.inode, vma, start, end) : -EACCES;
}

function changeFlags(
  parts: MadviseParts,
  vma: Vma,
  start: number,
  end: number,
  advice: number,
  [clear, set]: readonly [number, number],
): number {
  if (advice === F.MADV_WIPEONFORK && (vma.file !== null || vma.flags & V.VM_SHARED)) return -EINVAL;
  if (advice === F.MADV_KEEPONFORK && vma.flags & V.VM_DROPPABLE) return -EINVAL;
  if (advice === F.MADV_DODUMP && vma.flags & (V.VM_SPECIAL | V.VM_DROPPABLE) && !(vma.flags & V.VM_HUGETLB))
    return -EINVAL;
  if (advice === F.MADV_MERGEABLE && vma.flags & (V.VM_SHARED | V.VM_MAYSHARE | V.VM_SPECIAL | V.VM_DROPPABLE))
    return 0;
  const flags = (vma.flags & ~clear) | set;
  if (flags === vma.flags) return 0;
  const changed = parts.vmaOps.modify(vma, start, end, flags);
  if (typeof changed === 'number') return changed === -ENOMEM ? -EAGAIN : changed;
  return 0;
}

/** Only whole huge pages are dropped; what does not fill one at the end stays. */
function dropHugePages(parts: MadviseParts, vma: Vma, start: number, end: number): number {
  const bytes = granule(vma);
  if (start % bytes !== 0) return -EINVAL;
  const last = end - (end % bytes);
  if (last <= start) return 0;
  return dropRange(parts, vma, start, last);
}
