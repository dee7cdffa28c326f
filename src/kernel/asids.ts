/**
 * Address-space tags for the TLB.
 *
 * Ids are handed out in order; when they run out every TLB is flushed and the count begins anew,
 * each live address space getting a fresh one.
 * Invariant: no two live address spaces share an id. Source: Linux arch/arm64/mm/context.c (the
 * generation scheme, simplified).
 */

import type { Cpu } from './cpu.ts';
import type { Mm } from './mm.ts';

export class Asids {
  private readonly cpus: readonly Cpu[];
  private readonly end: number;
  private next: number;
  private readonly live: Set<Mm>;

  constructor(cpus: readonly Cpu[], asidBits: number) {
    this.cpus = cpus;
    this.end = 2 ** asidBits;
    this.next = 1;
    this.live = new Set();
  }

  /** An id for `mm`, which is remembered as live. */
  assign(mm: Mm): number {
    this.live.add(mm);
    if (this.next === this.end) this.rollOver();
    return this.next++;
  }

  private rollOver(): void {
    for (const mm of this.live) if (mm.root === 0) this.live.delete(mm);
    for (const cpu of this.cpus) cpu.mmu.flushAll();
    this.next = 1;
    for (const mm of this.live) mm.asid = this.next++;
    for (const cpu of this.cpus) if (cpu.current !== null) cpu.mmu.switchTo(cpu.current.root, cpu.current.asid);
  }
}
