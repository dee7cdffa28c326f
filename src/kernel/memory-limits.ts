/**
 * What the limits on memory count, and whether a call stays within them.
 *
 * Invariant: the counts of an address space change through `accountPages` and `accountRights` only.
 * Source: Linux mm/mmap.c may_expand_vm, mlock_future_ok, vm_stat_account.
 */

import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK } from '../flags.ts';
import type { Mm } from './mm.ts';
import type { Task } from './task.ts';
import { VM_ACCOUNT, VM_EXEC, VM_GROWSDOWN, VM_LOCKED, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** Counts towards RLIMIT_DATA: private, writable, not a stack. */
export function isDataMapping(flags: number): boolean {
  return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) === VM_WRITE;
}

/** Counts as VmLib: may be executed, not written, not a stack. */
export function isExecMapping(flags: number): boolean {
  return (flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) === VM_EXEC;
}

/** `pages` more of a mapping with `flags` stay within RLIMIT_AS and RLIMIT_DATA. */
export function mayExpand(task: Task, flags: number, pages: number): boolean {
  const { mm, limits } = task;
  if ((mm.totalPages + pages) * mm.pageSize > limits.soft(RLIMIT_AS)) return false;
  if (!isDataMapping(flags) || (mm.dataPages + pages) * mm.pageSize <= limits.soft(RLIMIT_DATA)) return true;
  // A limit of 0 keeps the heap from growing and nothing else (hard limits are infinite here): Valgrind relies on it.
  return limits.soft(RLIMIT_DATA) === 0;
}

/** `pages` more locked memory stay within RLIMIT_MEMLOCK, if `flags` say that they are locked. */
export function mayLock(task: Task, flags: number, pages: number): boolean {
  if (!(flags & VM_LOCKED) || task.privileged) return true;
  return (task.mm.lockedPages + pages) * task.mm.pageSize <= task.limits.soft(RLIMIT_MEMLOCK);
}

/** The task may lock memory at all. */
export function canLock(task: Task): boolean {
  return task.privileged || task.limits.soft(RLIMIT_MEMLOCK) !== 0;
}

/** Adjusts the counts of an address space by `pages` of a mapping with `flags` (negative: fewer). */
export function accountPages(mm: Mm, flags: number, pages: number): void {
  mm.totalPages += pages;
  if (flags & VM_LOCKED) mm.lockedPages += pages;
  if (isDataMapping(flags)) mm.dataPages += pages;
  if (isExecMapping(flags)) mm.execPages += pages;
  if (flags & VM_GROWSDOWN) mm.stackPages += pages;
  if (flags & VM_ACCOUNT) mm.commitments.pages += pages;
}

/** Adjusts them for `pages` whose rights change, and with these whether they count as promised. */
export function accountRights(mm: Mm, before: number, after: number, pages: number): void {
  mm.dataPages += pages * (Number(isDataMapping(after)) - Number(isDataMapping(before)));
  mm.execPages += pages * (Number(isExecMapping(after)) - Number(isExecMapping(before)));
  if ((before ^ after) & VM_ACCOUNT) mm.commitments.pages += after & VM_ACCOUNT ? pages : -pages;
}

/** Whether `pages` more of a mapping with `flags` may be promised, if they say that it counts. */
export function mayCommit(mm: Mm, flags: number, pages: number): boolean {
  return !(flags & VM_ACCOUNT) || mm.commitments.allows(mm, pages);
}

/** Pages of VMAs with all of `flags`, from `first` on, that start below `end`. */
export function pagesMapped(first: Vma, end: number, flags: number): number {
  let pages = 0;
  for (let vma: Vma | null = first; vma !== null && vma.start < end; vma = vma.next) {
    if ((vma.flags & flags) === flags) pages += vma.pages;
  }
  return pages;
}
