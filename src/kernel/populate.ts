/**
 * Faulting pages in ahead of their use: MAP_POPULATE, mlock, MADV_POPULATE_*.
 *
 * Place: the kernel's own page-touching (get_user_pages). Faults count like the program's own.
 * Private writable memory is made writable at once, so that no copy-on-write is left to do.
 * Source: Linux mm/gup.c populate_vma_page_range, __mm_populate, faultin_page_range.
 */

import { EFAULT, EINVAL, ENOMEM } from '../errno.ts';
import { ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import { PTE_PRESENT, PTE_WRITE } from '../mmu/entry-codes.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { FaultHandler } from './fault.ts';
import type { Task } from './task.ts';
import { FAULT_DONE, FAULT_OOM } from './vm-fault.ts';
import { VM_ACCESS, VM_LOCKONFAULT, VM_READ, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export class Populator {
  private readonly tables: PageTables;
  private readonly faults: FaultHandler;

  constructor(tables: PageTables, faults: FaultHandler) {
    this.tables = tables;
    this.faults = faults;
  }

  /** Touches every page of [start, end) of one VMA; 0 or -EFAULT, -ENOMEM at the first that fails. */
  vmaRange(task: Task, vma: Vma, start: number, end: number): number {
    if (vma.flags & VM_LOCKONFAULT) return 0;
    if (!(vma.flags & VM_ACCESS)) return -EFAULT;
    const access = (vma.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE ? ACCESS_WRITE : ACCESS_READ;
    for (let va = start; va < end; va += vma.mm.pageSize) {
      const result = this.touch(task, vma, va, access);
      if (result !== FAULT_DONE) return result === FAULT_OOM ? -ENOMEM : -EFAULT;
    }
    return 0;
  }

  private touch(task: Task, vma: Vma, va: number, access: number): number {
    const slot = this.tables.lookup(vma.mm.root, va);
    if (slot >= 0 && this.isThere(slot, access)) return FAULT_DONE;
    return this.faults.populate(task, vma, va, access);
  }

  private isThere(slot: number, access: number): boolean {
    const flags = this.tables.flags(slot);
    return (flags & PTE_PRESENT) !== 0 && (access !== ACCESS_WRITE || (flags & PTE_WRITE) !== 0);
  }

  /** MAP_POPULATE and mlockall: every VMA of the range as far as it goes, errors ignored. */
  rangeIgnoringErrors(task: Task, start: number, end: number): void {
    for (let vma = task.mm.vmas.find(start); vma !== null && vma.start < end; vma = vma.next) {
      this.vmaRange(task, vma, Math.max(start, vma.start), Math.min(end, vma.end));
    }
  }

  /** mlock: stops at the first error, a hole included; 0, -ENOMEM or -EFAULT. */
  range(task: Task, start: number, end: number): number {
    for (let va = start; va < end; ) {
      const vma = task.mm.vmas.containing(va);
      if (vma === null) return -ENOMEM;
      const result = this.vmaRange(task, vma, va, Math.min(end, vma.end));
      if (result < 0) return result;
      va = vma.end;
    }
    return 0;
  }

  /** MADV_POPULATE_READ and _WRITE (`access`): -ENOMEM for a hole, -EINVAL for a missing right, -EFAULT for SIGBUS. */
  advise(task: Task, start: number, end: number, access: number): number {
    for (let va = start; va < end; va += task.mm.pageSize) {
      const vma = task.mm.vmas.containing(va);
      if (vma === null) return -ENOMEM;
      if (!(vma.flags & (access === ACCESS_WRITE ? VM_WRITE : VM_READ))) return -EINVAL;
      const result = this.touch(task, vma, va, access);
      if (result !== FAULT_DONE) return result === FAULT_OOM ? -ENOMEM : -EFAULT;
    }
    return 0;
  }
}
