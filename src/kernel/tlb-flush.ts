/**
 * TLB flushes and shootdowns.
 *
 * Place: whoever narrows or removes translations calls here before the frames can be used for
 * anything else. Few pages are dropped one by one, more than the ceiling with the whole address
 * space. CPUs other than the running one get an interrupt each.
 * Invariant: after a flush no TLB grants more than the page tables do.
 * Source: Linux arch/x86/mm/tlb.c (tlb_single_page_flush_ceiling = 33).
 */

import type { Clock } from '../clock.ts';
import type { CostTable } from '../cost.ts';
import { type Counters, NR_TLB_LOCAL_FLUSH_ALL, NR_TLB_LOCAL_FLUSH_ONE, NR_TLB_REMOTE_FLUSH } from '../counters.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { Cpu } from './cpu.ts';
import type { AddressSpace, VmPage } from './vma.ts';

/** More pages than this are dropped with their whole address space. */
export const SINGLE_PAGE_CEILING = 33;

export const FLUSH_UNMAP = 0;
export const FLUSH_PROTECT = 1;
export const FLUSH_COW = 2;
export const FLUSH_FORK = 3;
export const FLUSH_CLEAN = 4;

export class TlbFlusher {
  private readonly cpus: readonly Cpu[];
  private readonly clock: Clock;
  private readonly costs: CostTable;
  private readonly counters: Counters;
  private readonly trace: Trace;
  /** CPU that runs now: it flushes without an interrupt. */
  running: number;
  /** First address that is being dropped: a field and no argument, for the reason that `Mmu.va` is one. */
  private start: number;

  constructor(cpus: readonly Cpu[], clock: Clock, costs: CostTable, counters: Counters, trace: Trace) {
    this.cpus = cpus;
    this.clock = clock;
    this.costs = costs;
    this.counters = counters;
    this.trace = trace;
    this.running = 0;
    this.start = 0;
  }

  flushPage(mm: AddressSpace, va: number, reason: number): void {
    this.start = va;
    this.flush(mm, 1, reason);
  }

  /** As `flushPage`, of a page whose address travels in its record. */
  flushOne(page: VmPage, reason: number): void {
    this.start = page.va;
    this.flush(page.vma.mm, 1, reason);
  }

  /** Drops the translations of [start, end) in every TLB that may hold them. */
  flushRange(mm: AddressSpace, start: number, end: number, reason: number): void {
    this.start = start;
    this.flush(mm, (end - start) / mm.pageSize, reason);
  }

  /** Drops `pages` from `start` on. */
  private flush(mm: AddressSpace, pages: number, reason: number): void {
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.tlb_flush, reason, pages, mm.asid, this.start);
    if (this.cpus.length > 1) for (const id of mm.cpus) this.flushOn(this.cpus[id], mm, pages);
    // Going through a set of one takes longer than the flush of a page.
    else if (mm.cpus.size > 0) this.flushOn(this.cpus[0], mm, pages);
  }

  /** Drops everything of one address space. */
  flushAll(mm: AddressSpace, reason: number): void {
    this.flushRange(mm, 0, (SINGLE_PAGE_CEILING + 1) * mm.pageSize, reason);
  }

  private flushOn(cpu: Cpu, mm: AddressSpace, pages: number): void {
    if (pages > SINGLE_PAGE_CEILING) {
      cpu.mmu.flushAsid(mm.asid);
      this.counters.add(NR_TLB_LOCAL_FLUSH_ALL, 1);
      this.clock.advance(this.costs.flushPageNs);
    } else {
      for (let page = 0; page < pages; page++) cpu.mmu.flushPage(this.start + page * mm.pageSize, mm.asid);
      this.counters.add(NR_TLB_LOCAL_FLUSH_ONE, pages);
      this.clock.advance(pages * this.costs.flushPageNs);
    }
    if (cpu.id === this.running) return;
    this.counters.add(NR_TLB_REMOTE_FLUSH, 1);
    this.clock.advance(this.costs.ipiNs);
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.tlb_shootdown, cpu.id, pages, mm.asid, 0);
  }
}
