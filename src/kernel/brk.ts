/**
 * brk(2) and sbrk(3).
 *
 * The system call's own result: the break after it, unchanged when it is refused.
 * Source: Linux mm/mmap.c SYSCALL_DEFINE1(brk), mm/vma.c do_brk_flags.
 */

import { ENOMEM } from '../errno.ts';
import { RLIMIT_DATA } from '../flags.ts';
import { pagesUp, toCount, toSignedRegister, type Word } from '../units.ts';
import { accountPages, mayCommit, mayExpand, mayLock } from './memory-limits.ts';
import type { Placement } from './placement.ts';
import type { Populator } from './populate.ts';
import { mergeableFlag } from './prctl.ts';
import type { Task } from './task.ts';
import type { Unmapper } from './unmap.ts';
import { VM_ACCOUNT, VM_LOCKED, VM_MAYEXEC, VM_MAYREAD, VM_MAYWRITE, VM_READ, VM_WRITE } from './vm-flags.ts';
import { startGap, Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface BrkParts {
  readonly vmaOps: VmaOps;
  readonly unmapper: Unmapper;
  readonly populator: Populator;
  readonly placement: Placement;
}

const HEAP_FLAGS = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

/** The break after the call. */
export function brk(parts: BrkParts, task: Task, address: Word): number {
  const { mm } = task;
  const wanted = toCount(address);
  if (wanted < mm.startBrk) return mm.brk;
  if (wanted - mm.startBrk > task.limits.soft(RLIMIT_DATA)) return mm.brk;
  const newEnd = pagesUp(address, mm.pageSize, mm.wordBits) * mm.pageSize;
  const oldEnd = pagesUp(mm.brk, mm.pageSize, mm.wordBits) * mm.pageSize;
  if (newEnd === oldEnd) {
    mm.brk = wanted;
    return mm.brk;
  }
  if (wanted <= mm.brk) return shrink(parts, task, wanted, newEnd, oldEnd);
  if (!grow(parts, task, oldEnd, newEnd)) return mm.brk;
  mm.brk = wanted;
  if (mm.defaultFlags & VM_LOCKED) parts.populator.rangeIgnoringErrors(task, oldEnd, newEnd);
  return mm.brk;
}

function shrink(parts: BrkParts, task: Task, wanted: number, newEnd: number, oldEnd: number): number {
  const { mm } = task;
  const before = mm.brk;
  const heap = mm.vmas.intersecting(newEnd, oldEnd);
  if (heap === null) return before;
  mm.brk = wanted;
  if (parts.unmapper.unmap(mm, newEnd, oldEnd) < 0) mm.brk = before;
  return mm.brk;
}

function grow(parts: BrkParts, task: Task, from: number, end: number): boolean {
  const { mm } = task;
  const { userEnd } = parts.placement.layout;
  const pages = (end - from) / mm.pageSize;
  // An end that wraps is below the beginning.
  if (end > userEnd || end < from || !mayLock(task, mm.defaultFlags, pages)) return false;
  const next = mm.vmas.find(from);
  // One page must stay free between the heap and whatever follows.
  if (next !== null && end + mm.pageSize > startGap(next)) return false;
  const flags = HEAP_FLAGS | mm.defaultFlags | mergeableFlag(mm, HEAP_FLAGS);
  if (!mayExpand(task, flags, pages) || parts.vmaOps.exceedsMax(mm) || !mayCommit(mm, flags, pages)) return false;
  extendHeap(parts, task, from, end, flags);
  accountPages(mm, flags, pages);
  return true;
}

/** The heap's own VMA is extended, no other that ends where it starts (vma_prev_limit); what stands above is a page away. */
function extendHeap(parts: BrkParts, task: Task, from: number, end: number, flags: number): void {
  const { mm } = task;
  const vma = new Vma(mm, from, end, flags, from / mm.pageSize, null);
  if (from > mm.startBrk) parts.vmaOps.mapNew(vma);
  else parts.vmaOps.mapAlone(vma);
}

/** The old break, or -ENOMEM. */
export function sbrk(parts: BrkParts, task: Task, increment: Word): number {
  const before = task.mm.brk;
  const step = Number(toSignedRegister(increment, task.mm.wordBits));
  if (step === 0) return before;
  return brk(parts, task, before + step) === before + step ? before : -ENOMEM;
}
