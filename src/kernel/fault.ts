/**
 * The fault engine's entry: from an address and an access to a handler, or to a reason to fail.
 *
 * Place: kernel/access.ts calls `handle` when the MMU has filled its fault record, and tries the
 * access again after FAULT_DONE. Order of checks is Linux's: address, VMA (or stack growth),
 * rights, then the page. Everything that populates (mlock, MAP_POPULATE) comes this way too.
 * Source: Linux arch/x86/mm/fault.c do_user_addr_fault, mm/memory.c handle_pte_fault.
 */

import { PGFAULT, PGMAJFAULT } from '../counters.ts';
import { ACCESS_EXEC, ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import { PTE_GUARD, PTE_PRESENT, PTE_WRITE } from '../mmu/entry-codes.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { RECORD_ID, TRACE_EVENT } from '../trace.ts';
import { doAnonymousPage } from './fault-anon.ts';
import { doFault } from './fault-file.ts';
import { tryHugeAnonymousPage } from './fault-huge.ts';
import { doHugetlbFault } from './fault-hugetlb.ts';
import { doWpPage, unsharePage } from './fault-wp.ts';
import type { StackGrowth } from './stack-growth.ts';
import type { Task } from './task.ts';
import {
  FAULT_ACCERR,
  FAULT_DONE,
  FAULT_MAPERR,
  FAULT_NONCANONICAL,
  FAULT_OOM,
  type FaultParts,
  VmFault,
} from './vm-fault.ts';
import { VM_ACCESS, VM_EXEC, VM_HUGEPAGE, VM_HUGETLB, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

const { fault_done: FAULT_DONE_RECORD, vma_found: VMA_FOUND } = RECORD_ID;

export class FaultHandler {
  private readonly parts: FaultParts;
  private readonly stack: StackGrowth;
  private readonly canonicalEnd: number;
  /** Address of the access that is being resolved. A field and no argument, for the reason that `Mmu.va` is one. */
  private address: number;
  private record: VmFault | null;
  /** The last fault had to read or to swap in. */
  private lastMajor: boolean;

  constructor(parts: FaultParts, stack: StackGrowth, canonicalEnd: number) {
    this.parts = parts;
    this.stack = stack;
    this.canonicalEnd = canonicalEnd;
    this.address = 0;
    this.record = null;
    this.lastMajor = false;
  }

  /** Resolves the access of `task` that stands in the fault record of its MMU; a FAULT_* result. Counts it if it succeeds. */
  handle(task: Task, mmu: Mmu, access: number): number {
    this.address = mmu.faultVa;
    const result = this.resolve(task, access);
    if (result === FAULT_DONE) this.count(task);
    const { trace } = this.parts;
    if (trace.mask & TRACE_EVENT) {
      trace.first = this.address;
      trace.emitThree(FAULT_DONE_RECORD, result, this.lastMajor ? 1 : 0);
    }
    return result;
  }

  /** Makes a page present on the kernel's own initiative, rights checked by the caller; counts like an access. */
  populate(task: Task, vma: Vma, va: number, access: number): number {
    this.address = va;
    const result = this.faultPage(vma, access);
    if (result === FAULT_DONE) this.count(task);
    return result;
  }

  /** Makes a present page of private memory its process's own without the right to store; counts like an access. */
  unshare(task: Task, vma: Vma, va: number): number {
    const slot = this.parts.tables.lookup(vma.mm.root, va);
    const page = va - (va & this.parts.tables.pageMask);
    this.lastMajor = false;
    const result = unsharePage(this.parts, { vma, va: page, pgoff: vma.indexAt(page), slot });
    if (result === FAULT_DONE) this.count(task);
    return result;
  }

  private count(task: Task): void {
    const { counters, clock, costs } = this.parts;
    counters.add(PGFAULT, 1);
    clock.advance(costs.faultNs);
    if (this.lastMajor) {
      counters.add(PGMAJFAULT, 1);
      task.majorFaults++;
    } else task.minorFaults++;
  }

  private resolve(task: Task, access: number): number {
    const va = this.address;
    this.lastMajor = false;
    if (!(va >= 0 && va < this.canonicalEnd))
      return va >= 2 ** 64 - this.canonicalEnd ? FAULT_MAPERR : FAULT_NONCANONICAL;
    const { vmas } = task.mm;
    vmas.sought = va;
    let vma = vmas.findSought();
    if (vma === null) return FAULT_MAPERR;
    if (vma.start > va) {
      if (!this.stack.grow(task, vma, va)) return FAULT_MAPERR;
      vma = vmas.find(va) as Vma;
    }
    if (this.parts.trace.mask & TRACE_EVENT) this.noteVma(vma);
    const known = knownAccess(this.parts.tables, access);
    if (allows(vma, known)) return this.faultPage(vma, known);
    return access === ACCESS_EXEC && this.looksFirst(vma, va) ? this.faultPage(vma, ACCESS_READ) : FAULT_ACCERR;
  }

  private noteVma(vma: Vma): void {
    const { trace } = this.parts;
    const at = trace.begin(VMA_FOUND);
    const { records } = trace;
    records[at] = this.address;
    records[at + 1] = vma.start;
    records[at + 2] = vma.end;
    records[at + 3] = vma.flags;
  }

  /**
   * Whether a forbidden fetch makes the page present all the same, and fails when it is tried again: the first error code
   * says that nothing is there, not that it is forbidden (arch/x86/mm/fault.c access_error).
   */
  private looksFirst(vma: Vma, va: number): boolean {
    const { tables } = this.parts;
    if (!tables.codes.controlsExecution || !(vma.flags & VM_ACCESS)) return false;
    const slot = tables.lookup(vma.mm.root, va);
    return slot < 0 || !(tables.flags(slot) & PTE_PRESENT);
  }

  /** Makes the page of `address` in `vma` present for `access`, rights already checked; a FAULT_* result. */
  private faultPage(vma: Vma, access: number): number {
    const { parts, address: va } = this;
    if (vma.flags & VM_HUGETLB) {
      this.lastMajor = false;
      return doHugetlbFault(parts, vma, va, access);
    }
    if (vma.flags & VM_HUGEPAGE && tryHugeAnonymousPage(parts, vma, va, access)) return FAULT_DONE;
    const before = parts.tables.tableFrames;
    const slot = this.ensureEntry(vma);
    if (slot < 0) return FAULT_OOM;
    this.record ??= new VmFault(vma);
    const fault = this.record;
    // A store of an object into an old one is noted by the collector: not again for each page of a VMA.
    if (fault.vma !== vma) fault.vma = vma;
    fault.va = va - (va & parts.tables.pageMask);
    fault.pgoff = vma.pgoff + (fault.va - vma.start) / parts.tables.pageSize;
    fault.access = access;
    fault.slot = slot;
    fault.newTable = parts.tables.tableFrames !== before;
    fault.major = false;
    const result = this.dispatch(fault);
    this.lastMajor = fault.major;
    return result;
  }

  private ensureEntry(vma: Vma): number {
    const { tables, trace } = this.parts;
    const before = tables.tableFrames;
    tables.sought = this.address;
    const slot = tables.ensureSought(vma.mm.root);
    if (tables.tableFrames !== before && trace.mask !== 0)
      trace.emit(RECORD_ID.page_table_alloc, this.address, tables.tableFrames - before, 0, 0);
    return slot;
  }

  private dispatch(fault: VmFault): number {
    const { parts } = this;
    if (parts.tables.isEmpty(fault.slot)) {
      return fault.vma.isAnonymous ? doAnonymousPage(parts, fault) : doFault(parts, fault);
    }
    const flags = parts.tables.flags(fault.slot);
    if (flags & PTE_GUARD) return FAULT_MAPERR;
    if (flags & PTE_PRESENT && fault.access === ACCESS_WRITE && !(flags & PTE_WRITE)) return doWpPage(parts, fault);
    return FAULT_DONE;
  }
}

/** What an access is to the kernel: where no entry can forbid execution the processor does not tell a fetch from a load. */
export function knownAccess({ codes }: PageTables, access: number): number {
  return access === ACCESS_EXEC && !codes.controlsExecution ? ACCESS_READ : access;
}

/** The VMA grants the access; on x86 whatever may be written or executed may be read. */
export function allows(vma: Vma, access: number): boolean {
  if (access === ACCESS_WRITE) return (vma.flags & VM_WRITE) !== 0;
  return access === ACCESS_EXEC ? (vma.flags & VM_EXEC) !== 0 : (vma.flags & VM_ACCESS) !== 0;
}
