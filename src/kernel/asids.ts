/**
 * Address-space tags for the TLB.
 *
 * Ids are handed out in order; when they run out every TLB is flushed and the count begins anew:
 * what runs on a CPU gets a fresh one at once, everything else when it runs again.
 * Invariants: no two address spaces share an id; what a CPU runs has one. Source: Linux
 * arch/arm64/mm/context.c (the generation scheme, simplified).
 */

import type { Cpu } from './cpu.ts';
import type { AddressSpace } from './vma.ts';

/** Has lost its id to others: it gets a new one before it runs. */
export const NO_ASID = 0;

export class Asids {
  private readonly cpus: readonly Cpu[];
  private readonly end: number;
  private next: number;
  /** Address spaces that got an id since the count began, dead ones among them. */
  private holders: AddressSpace[];

  constructor(cpus: readonly Cpu[], asidBits: number) {
    this.cpus = cpus;
    this.end = 2 ** asidBits;
    this.next = 1;
    this.holders = [];
  }

  /** Gives `mm` an id. */
  assign(mm: AddressSpace): void {
    if (this.next >= this.end) this.rollOver();
    this.give(mm);
  }

  private give(mm: AddressSpace): void {
    mm.asid = this.next++;
    this.holders.push(mm);
  }

  private rollOver(): void {
    for (const cpu of this.cpus) cpu.mmu.flushAll();
    for (const mm of this.holders) mm.asid = NO_ASID;
    this.holders = [];
    this.next = 1;
    for (const { current, mmu } of this.cpus) {
      if (current === null) continue;
      if (current.asid === NO_ASID) this.give(current);
      mmu.switchTo(current.root, current.asid);
    }
  }
}
