/**
 * Growing a MAP_GROWSDOWN VMA to an address below it.
 *
 * Source: Linux mm/vma.c expand_downwards, mm/mmap.c acct_stack_growth. Blocked within the guard
 * gap of an accessible neighbour, below the lowest address that is chosen, and by the stack, address-space and lock limits.
 */

import { RLIMIT_STACK } from '../flags.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { AnonVmas } from './anon-vma.ts';
import { accountPages, mayExpand, mayLock } from './memory-limits.ts';
import type { Task } from './task.ts';
import { VM_ACCESS, VM_GROWSDOWN } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export class StackGrowth {
  private readonly lowest: number;
  private readonly trace: Trace;
  private readonly anonVmas: AnonVmas;

  constructor(lowest: number, anonVmas: AnonVmas, trace: Trace) {
    this.lowest = lowest;
    this.anonVmas = anonVmas;
    this.trace = trace;
  }

  /** `vma`, which lies above `va`, may grow down to its page. Changes nothing. */
  allows(task: Task, vma: Vma, va: number): boolean {
    return this.reaches(vma, va) && this.withinLimits(task, vma, va);
  }

  /** Extends `vma` down to the page of `va`; false if that is refused. */
  grow(task: Task, vma: Vma, va: number): boolean {
    if (!this.reaches(vma, va)) return false;
    // Linux prepares for the page that is about to come even if a limit then forbids it: seen in later merges.
    this.anonVmas.prepare(vma);
    if (!this.withinLimits(task, vma, va)) return false;
    const { mm } = task;
    const address = va - (va % mm.pageSize);
    const grown = (vma.start - address) / mm.pageSize;
    vma.start = address;
    vma.pgoff -= grown;
    vma.relink();
    mm.vmas.changed(vma);
    accountPages(mm, vma.flags, grown);
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.stack_grow, va, address, 0, 0);
    return true;
  }

  private reaches(vma: Vma, va: number): boolean {
    const address = va - (va % vma.mm.pageSize);
    return (vma.flags & VM_GROWSDOWN) !== 0 && address >= this.lowest && !this.blocked(vma, address);
  }

  private withinLimits(task: Task, vma: Vma, va: number): boolean {
    const address = va - (va % vma.mm.pageSize);
    const grown = (vma.start - address) / vma.mm.pageSize;
    if (grown > vma.pgoff || !mayExpand(task, vma.flags, grown)) return false;
    if (vma.end - address > task.limits.soft(RLIMIT_STACK) || !mayLock(task, vma.flags, grown)) return false;
    return task.mm.commitments.allows(task.mm, grown);
  }

  private blocked(vma: Vma, address: number): boolean {
    const below = vma.prev;
    if (below === null || below.flags & VM_GROWSDOWN || !(below.flags & VM_ACCESS)) return false;
    return address - below.end < vma.mm.stackGuard;
  }
}
