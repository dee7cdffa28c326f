/**
 * mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2).
 *
 * Flags first, VMA by VMA, then the pages: what was marked before an error stays marked.
 * Source: Linux mm/mlock.c.
 */

import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT, RLIMIT_MEMLOCK } from '../flags.ts';
import { toInt, toUnsigned, type Word } from '../units.ts';
import { accountPages, canLock } from './memory-limits.ts';
import type { Placement } from './placement.ts';
import type { Populator } from './populate.ts';
import type { Task } from './task.ts';
import { VM_DROPPABLE, VM_LOCKED, VM_LOCKED_MASK, VM_LOCKONFAULT, VM_SPECIAL } from './vm-flags.ts';
import type { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface MlockParts {
  readonly vmaOps: VmaOps;
  readonly populator: Populator;
  readonly placement: Placement;
}

/** The whole pages that [address, address + length) touches; the length wraps as PAGE_ALIGN does. */
function lockedRange({ mm }: Task, address: Word, length: Word): { start: bigint; end: bigint } {
  const size = BigInt(mm.pageSize);
  const from = toUnsigned(address);
  const inPage = from % size;
  const bytes = BigInt.asUintN(mm.wordBits, toUnsigned(length) + inPage + size - 1n) & ~(size - 1n);
  return { start: from - inPage, end: from - inPage + bytes };
}

export function mlock(parts: MlockParts, task: Task, address: Word, length: Word, flagWord: Word): number {
  const flags = toInt(flagWord);
  if (flags !== 0 && flags !== MLOCK_ONFAULT) return -EINVAL;
  if (!canLock(task)) return -EPERM;
  const { start, end } = lockedRange(task, address, length);
  if (!withinLimit(task, start, end)) return -ENOMEM;
  const result = applyLock(parts, task, start, end, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
  if (result < 0 || end === start) return result;
  const populated = parts.populator.range(task, Number(start), Number(end));
  if (populated === -EFAULT) return -ENOMEM;
  return populated === -ENOMEM ? -EAGAIN : populated;
}

/** What is locked already is not counted twice. */
function withinLimit(task: Task, start: bigint, end: bigint): boolean {
  if (task.privileged) return true;
  const { mm } = task;
  const limit = task.limits.soft(RLIMIT_MEMLOCK) / mm.pageSize;
  const pages = Number((end - start) / BigInt(mm.pageSize));
  if (pages + mm.lockedPages <= Math.floor(limit)) return true;
  return pages + mm.lockedPages - lockedWithin(task, Number(start), Number(end)) <= Math.floor(limit);
}

function lockedWithin(task: Task, start: number, end: number): number {
  let bytes = 0;
  for (let vma = task.mm.vmas.find(start); vma !== null && vma.start < end; vma = vma.next) {
    if (vma.flags & VM_LOCKED) bytes += Math.min(end, vma.end) - Math.max(start, vma.start);
  }
  return bytes / task.mm.pageSize;
}

export function munlock(parts: MlockParts, task: Task, address: Word, length: Word): number {
  const { start, end } = lockedRange(task, address, length);
  return applyLock(parts, task, start, end, 0);
}

function applyLock(parts: MlockParts, task: Task, startWord: bigint, endWord: bigint, lockFlags: number): number {
  if (endWord >= 1n << BigInt(task.mm.wordBits)) return -EINVAL;
  if (endWord === startWord) return 0;
  const end = Number(endWord);
  let va = Number(startWord);
  while (va < end) {
    const vma = task.mm.vmas.containing(va);
    if (vma === null) return -ENOMEM;
    const stop = Math.min(vma.end, end);
    const result = lockVma(parts, vma, va, stop, (vma.flags & ~VM_LOCKED_MASK) | lockFlags, task);
    if (result < 0) return result;
    va = stop;
  }
  return 0;
}

function lockVma(parts: MlockParts, vma: Vma, start: number, end: number, flags: number, task: Task): number {
  const before = vma.flags;
  if (flags === before || before & (VM_SPECIAL | VM_DROPPABLE)) return 0;
  const changed = parts.vmaOps.modify(vma, start, end, flags);
  if (typeof changed === 'number') return changed;
  const pages = (end - start) / task.mm.pageSize;
  accountPages(task.mm, before, -pages);
  accountPages(task.mm, flags, pages);
  return 0;
}

export function mlockall(parts: MlockParts, task: Task, flagWord: Word): number {
  const flags = toInt(flagWord);
  const known = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  if (flags === 0 || flags - (flags & known) !== 0 || flags === MCL_ONFAULT) return -EINVAL;
  if (!canLock(task)) return -EPERM;
  const { mm } = task;
  const fits = task.privileged || mm.totalPages * mm.pageSize <= task.limits.soft(RLIMIT_MEMLOCK);
  if (flags & MCL_CURRENT && !fits) return -ENOMEM;
  lockAll(parts, task, flags);
  if (flags & MCL_CURRENT) parts.populator.rangeIgnoringErrors(task, 0, parts.placement.layout.userEnd);
  return 0;
}

export function munlockall(parts: MlockParts, task: Task): number {
  lockAll(parts, task, 0);
  return 0;
}

function lockAll(parts: MlockParts, task: Task, flags: number): void {
  const { mm } = task;
  const onFault = flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0;
  mm.defaultFlags &= ~VM_LOCKED_MASK;
  if (flags & MCL_FUTURE) {
    mm.defaultFlags |= VM_LOCKED | onFault;
    if (!(flags & MCL_CURRENT)) return;
  }
  const add = flags & MCL_CURRENT ? VM_LOCKED | onFault : 0;
  // Errors (the limit of mappings) are ignored, as Linux does.
  for (let vma = mm.vmas.first; vma !== null; ) {
    const { end } = vma;
    lockVma(parts, vma, vma.start, end, (vma.flags & ~VM_LOCKED_MASK) | add, task);
    vma = mm.vmas.find(end);
  }
}
